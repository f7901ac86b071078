"""The whole web application, every route of it, over a real database and without a network."""

from functools import cache
from types import SimpleNamespace
from typing import Any, cast

from apiflask import APIFlask

from core.adapter import Adapter, Interactions
from core.digests import Digester
from core.settings import Settings
from db import Database
from integrations.pylon.panel import panel
from oauth.installer import Installer
from pipeline.receive import CommitEach
from tests.conftest import StillClock
from tests.web.api.conftest import Platform
from tests.web.apps import like
from web.api.limits import Limits, limit_requests
from web.api.stream import Streams, allow_streams
from web.application import make_web
from web.services import Services, attach

DOORS = {"pylon": "ingest_key", "slack": "slack_app", "webhook": "webhook_key"}


def whole_web(database: Database, digester: Digester, clock: StillClock, **settings: Any) -> APIFlask:
    """As the composition root makes it, with adapters that only know their doors."""
    services = _services(database, digester, clock, **settings)
    if settings:  # they may decide what is registered
        return make_web(services)
    app = like(_registered())
    attach(app, services)
    allow_streams(app, Streams())
    limit_requests(app, Limits(clock))
    return app


@cache
def _registered() -> APIFlask:
    return make_web(cast("Services", SimpleNamespace(settings=Settings(), clock=None)))


def _services(database: Database, digester: Digester, clock: StillClock, **settings: Any) -> Services:
    chosen = Settings(database_url=database.url, public_url="http://localhost", **settings)
    return Services(
        settings=chosen,
        database=database,
        digester=digester,
        clock=clock,
        adapters={name: cast("Adapter", Platform(name, door)) for name, door in DOORS.items()},
        lookups={},
        panels={"pylon": panel()},
        inbox=CommitEach(database, lambda: None),
        wake=lambda _: None,
        installer=Installer(
            settings=chosen, database=database, digester=digester, clock=clock, bot_scopes=("channels:history",)
        ),
        interactions=cast("Interactions", None),
    )
