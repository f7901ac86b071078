"""The composition root: makes every part once and hands it to the others. The only importer of `integrations`."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

import integrations
from core.adapter import Adapter
from core.clock import Clock, utc_now
from core.digests import Digester
from core.logs import configure_logs, get_logger
from core.sealing import Keyring
from core.settings import Settings, load_settings
from core.tickets import TicketVoice
from core.voice import Voice
from db import Database
from db.dialects import is_unavailable
from integrations.slack.afterwards import Afterwards
from integrations.slack.asking import reaction_of
from integrations.slack.bolt import build_app
from integrations.slack.client import SlackClient
from integrations.slack.effects import SlackEffects
from integrations.slack.scopes import FEATURES
from integrations.slack.socket import SlackSockets
from integrations.slack.surfaces import SURFACE_SECONDS, Surfaces
from integrations.slack.voice import SlackVoice
from oauth.authorize import IntegrationsAuthorize
from oauth.installer import Installer
from oauth.slack_apps import upsert_shared_app
from oauth.slack_tokens import SlackGrants
from pipeline.accounts import Accounts
from pipeline.acquaint import Acquaint
from pipeline.answers import Answers
from pipeline.backfill import Backfill
from pipeline.channel_list import ChannelList
from pipeline.complete import Complete
from pipeline.digest import Digests
from pipeline.engine.cluster import ClusterWaker
from pipeline.engine.embedded import EmbeddedEngine
from pipeline.engine.steps import Step
from pipeline.farewell import Farewell
from pipeline.installations.lifecycle import StoredLifecycle
from pipeline.pauses import StoredPauses
from pipeline.process import Process
from pipeline.receive import CommitEach, GroupCommit
from pipeline.reconcile import Reconcile
from pipeline.refresh import Refresh, Refresher
from pipeline.retention import Retention
from pipeline.tickets import Tickets
from pipeline.tokens.access import StoredAccess, StoredAppAccess
from pipeline.tokens.fresh_access import FreshAccess
from web.cli import Root, make_cli
from web.desk import StoredDesk, brief_of
from web.server import exit_with_parent
from web.services import Services
from web.sockets import SocketListener

log = get_logger()


@dataclass(frozen=True)
class Parts:
    """One process's parts, made when first asked for."""

    settings: Settings
    clock: Clock = utc_now

    @cached_property
    def database(self) -> Database:
        """The rows."""
        return Database(self.settings.database_url, Keyring(self.settings.encryption_keys))

    @cached_property
    def digester(self) -> Digester:
        """The digests of tokens we issue."""
        return Digester(self.settings.secret_key)

    @cached_property
    def adapters(self) -> dict[str, Adapter]:
        """Every platform's adapter."""
        return {name: platform.adapter for name, platform in integrations.discover().items()}

    @cached_property
    def pauses(self) -> StoredPauses:
        """Who asked us to wait."""
        return StoredPauses(self.database, self.clock)

    @cached_property
    def offers(self) -> integrations.Offers:
        """What the platforms offer beside their adapters."""
        urls = {"pylon": self.settings.pylon_api_url, "slack": self.settings.slack_api_url}
        return integrations.offers(urls, self.pauses)

    @cached_property
    def grants(self) -> SlackGrants:
        """What Slack says about tokens."""
        return SlackGrants(self.database, self.settings.slack_api_url, self.clock)

    @cached_property
    def voices(self) -> dict[str, Voice]:
        """Who speaks to people on the platforms where we do."""
        return {"slack": SlackVoice(SlackClient(self.settings.slack_api_url, self.pauses))}

    @property
    def ticket_voices(self) -> dict[str, TicketVoice]:
        """Who tells people of their tickets."""
        return {"slack": SlackVoice(SlackClient(self.settings.slack_api_url, self.pauses))}

    @cached_property
    def refresher(self) -> Refresher:
        """Fresh tokens from Slack."""
        return Refresher(database=self.database, grants=self.grants, clock=self.clock)

    @cached_property
    def access(self) -> FreshAccess:
        """The connections' tokens, good for now."""
        return FreshAccess(database=self.database, refresher=self.refresher, clock=self.clock)

    @cached_property
    def installer(self) -> Installer:
        """Add to Slack."""
        return Installer(
            settings=self.settings,
            database=self.database,
            digester=self.digester,
            clock=self.clock,
            bot_scopes=FEATURES.scopes,
        )

    @cached_property
    def slack(self) -> SlackEffects:
        """The Bolt apps, one per Slack app."""
        lifecycle = StoredLifecycle(self.database, self.clock, self.grants.is_alive)
        surfaces = Surfaces(
            desk=StoredDesk(self.database, self.clock, self.settings.public_url, reaction_of, self.wake),
            calls=SlackClient(self.settings.slack_api_url, self.pauses, timeout_seconds=SURFACE_SECONDS),
            access=self.access,
            later=Afterwards(),
        )
        return SlackEffects(
            lambda app_id: build_app(
                oauth_flow=self.installer.flow(app_id),
                # Whoever acts is recognised without leaving the database; surfaces renew tokens where they need one.
                authorize=IntegrationsAuthorize(self.database, StoredAccess(self.database), app_id),
                lifecycle=lifecycle,
                surfaces=surfaces,
            )
        )

    @cached_property
    def steps(self) -> list[Step]:
        """What the engines run."""
        return [
            Process(database=self.database, adapters=self.adapters, clock=self.clock),
            Complete(
                database=self.database,
                adapters=self.adapters,
                lookups=self.offers.lookups,
                access=self.access,
                effects={"slack": self.slack},
                app_access=StoredAppAccess(self.database),
                clock=self.clock,
            ),
            Acquaint(database=self.database, lookups=self.offers.lookups, access=self.access, clock=self.clock),
            Refresh(database=self.database, refresher=self.refresher, clock=self.clock),
            Backfill(database=self.database, historians=self.offers.history, access=self.access, clock=self.clock),
            Accounts(database=self.database, books=self.offers.accounts, access=self.access, clock=self.clock),
            Answers(
                database=self.database,
                voices=self.voices,
                access=self.access,
                clock=self.clock,
                public_url=self.settings.public_url,
            ),
            Tickets(
                database=self.database,
                desks=self.offers.tickets,
                voices=self.ticket_voices,
                access=self.access,
                clock=self.clock,
            ),
            Farewell(database=self.database, grants=self.grants, clock=self.clock),
            Reconcile(
                database=self.database,
                historians=self.offers.history,
                adapters=self.adapters,
                access=self.access,
                clock=self.clock,
            ),
            ChannelList(database=self.database, books=self.offers.channels, access=self.access, clock=self.clock),
            Digests(
                database=self.database,
                voices=self.voices,
                access=self.access,
                clock=self.clock,
                briefly=lambda signal: brief_of(signal, f"{self.settings.public_url}/"),
                console_url=f"{self.settings.public_url}/signals",
            ),
            Retention(database=self.database, clock=self.clock),
        ]

    @cached_property
    def wake(self) -> Callable[[str], None]:
        """Tells whoever runs the steps elsewhere: through the database (PostgreSQL), or nobody, who looks (SQLite)."""
        if not self.settings.is_postgresql:
            return lambda _: None
        return ClusterWaker(self.settings.database_url).wake

    def services(self, wake: Callable[[str], None]) -> Services:
        """What a process that takes requests works with."""
        return Services(
            settings=self.settings,
            database=self.database,
            digester=self.digester,
            clock=self.clock,
            adapters=self.adapters,
            lookups=self.offers.lookups,
            historians=self.offers.history,
            inspectors=self.offers.inspection,
            panels=self.offers.panel,
            retellers=self.offers.retelling,
            books=self.offers.channels,
            access=self.access,
            inbox=(CommitEach if self.database.is_postgresql else GroupCommit)(
                self.database, partial(wake, Process.name)
            ),
            wake=wake,
            installer=self.installer,
            interactions=self.slack,
            slack_features=FEATURES,
        )

    def listener(self, services: Services | None = None) -> SocketListener:
        """Socket Mode, for a process that has these services."""
        sockets = SlackSockets(self.settings.slack_api_url, self.clock)
        return SocketListener(services or self.services(self.wake), sockets)

    def prepare(self) -> None:
        """What a process does once before it works: the settings' Slack app wins over the stored one."""
        configure_logs(self.settings.log_level, self.settings.log_format)
        try:
            upsert_shared_app(self.database, self.settings, self.clock())
        except SQLAlchemyError as error:
            if not is_unavailable(error):
                raise
            # A process that starts while the database is away serves 503 and works when it is back; the settings'
            # app was stored by an earlier start, or is by the next.
            log.warning("settings_not_stored", reason="database_unavailable")


def create_app(settings: Settings | None = None, *, parts: Parts | None = None) -> Flask:
    """The web application; whoever runs the steps is told through the database (PostgreSQL) or looks (SQLite)."""
    parts = parts or Parts(settings or load_settings())
    parts.prepare()
    return _web(parts.services(parts.wake))


def create_served_app() -> Flask:
    """The web application in a process of the server, which ends with it."""
    exit_with_parent()
    return create_app()


def create_embedded_app() -> Flask:
    """The web application of one machine: the steps run in threads beside it."""
    exit_with_parent()
    return _web(_embedded(Parts(load_settings())))


def create_listening_app() -> Flask:
    """The web application of one machine that opens sockets to Slack."""
    exit_with_parent()
    parts = Parts(load_settings())
    services = _embedded(parts)
    parts.listener(services).start()
    return _web(services)


def main() -> None:
    """The ``signalbox`` command."""
    apps = {"served_app": "app:create_served_app", "embedded_app": "app:create_embedded_app"}
    make_cli(Root(Parts, **apps, listening_app="app:create_listening_app"))()


def _web(services: Services) -> Flask:
    """Pages and the API are half of all that is imported; a worker and the commands do without."""
    from web.application import make_web  # noqa: PLC0415  # half of all imports

    return make_web(services)


def _embedded(parts: Parts) -> Services:
    """The services of a process whose threads run the steps."""
    parts.prepare()
    engine = EmbeddedEngine(parts.steps, parts.clock)
    engine.start()
    return parts.services(engine.wake)


if __name__ == "__main__":
    main()
