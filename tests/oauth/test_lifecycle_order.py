"""Install, uninstall and reinstall in any order of arrival: the end is what really happened last."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from slack_sdk.oauth.installation_store import Installation
from sqlalchemy import select

from core.adapter import AccountKey
from db import Database, Signal, SlackApp
from oauth.installation_store import IntegrationInstallationStore
from oauth.installer import Installer
from oauth.intent import InstallIntent
from oauth.slack_tokens import SlackGrants
from pipeline.installations.lifecycle import StoredLifecycle
from sandbox.server import SandboxServer
from sandbox.slack import SlackStandIn
from tests.conftest import NOW, StillClock
from tests.oauth.conftest import TEAM, Browser, Connection, Tenant

Connections = Callable[[], list[Connection]]
FIRST, GONE, AGAIN, GONE_AGAIN = (NOW + timedelta(minutes=minute) for minute in (0, 10, 20, 30))
ENDS = ("app_uninstalled", "tokens_revoked")


@dataclass
class Story:
    """One installation, of a team or of an organisation, and what becomes of it."""

    store: IntegrationInstallationStore
    lifecycle: StoredLifecycle
    intent: InstallIntent
    clock: StillClock
    account: AccountKey

    def install(self, at: datetime, token: str) -> None:
        self.clock.now = at
        team = self.account.team_id
        self.store.keep(
            self.intent,
            Installation(
                app_id="A0APP", team_id=team, team_name="Team", enterprise_id=self.account.enterprise_id,
                bot_token=token, bot_refresh_token=f"{token}-refresh", bot_scopes="channels:history", bot_id="B1",
                bot_user_id="UBOT", user_id="U1", is_enterprise_install=team is None,
            ),
        )  # fmt: skip

    def hear(self, reason: str, of: datetime) -> None:
        """An event of that moment, heard now: ``event_time`` is read as the end of its second."""
        happened_at = of + timedelta(microseconds=999_999)
        self.lifecycle.end_installation(
            slack_app_id=self.intent.slack_app_id, account=self.account, reason=reason, happened_at=happened_at
        )


@pytest.fixture(params=["team", "organisation"])
def story(
    request: pytest.FixtureRequest, database: Database, installer: Installer, clock: StillClock, acme: Tenant
) -> Story:
    with database.read() as session:
        app_id = session.scalars(select(SlackApp.id)).one()
    account = AccountKey(team_id="T1") if request.param == "team" else AccountKey(enterprise_id="E1")
    return Story(
        store=IntegrationInstallationStore(database, clock, slack_app_id=app_id),
        lifecycle=StoredLifecycle(database, clock),
        intent=InstallIntent(acme.workspace_id, acme.owner, app_id),
        clock=clock,
        account=account,
    )


def test_a_reinstall_survives_every_order(story: Story, connections: Connections) -> None:
    deeds = (*ENDS, *ENDS, "reinstall")
    for number, order in enumerate(sorted(set(permutations(deeds)))):
        began = timedelta(days=number)
        story.install(FIRST + began, f"xoxb-{number}-old")
        for deed in order:
            if deed == "reinstall":
                story.install(AGAIN + began, f"xoxb-{number}-new")
            else:
                story.hear(deed, GONE + began)
        (connection,) = connections()
        assert connection.row.state == "active", order
        assert connection.access_token == f"xoxb-{number}-new", order
        assert connection.row.lease_token is None


def test_an_end_is_an_end_in_every_order(story: Story, connections: Connections) -> None:
    heard = [(reason, of) for reason in ENDS for of in (GONE, GONE_AGAIN)]
    for number, order in enumerate(permutations(heard)):
        began = timedelta(days=number)
        story.install(FIRST + began, "xoxb-old")
        story.install(AGAIN + began, "xoxb-new")
        story.clock.now = GONE_AGAIN + began + timedelta(minutes=5)
        for reason, of in order:
            story.hear(reason, of + began)
        (connection,) = connections()
        assert connection.row.state == "disconnected", order
        assert (connection.access_token, connection.refresh_token) == (None, None), order
        assert connection.row.refresh_due_at is None


def test_a_reinstall_keeps_configuration_and_signals(
    story: Story, connections: Connections, database: Database
) -> None:
    story.install(FIRST, "xoxb-old")
    (before,) = connections()
    with database.write() as session:
        row = session.merge(before.row)
        row.config = {"slack_capture": "all", "slack_channels": [{"id": "C1"}]}
        place = {"workspace_id": row.workspace_id, "source": "slack", "source_ref": "C1:1.0", "source_version": "1.0"}
        session.add(Signal(**place, verbatim="kept", occurred_at=FIRST))
    story.hear("app_uninstalled", GONE)
    story.install(AGAIN, "xoxb-new")
    (after,) = connections()
    assert after.row.id == before.row.id
    assert after.row.config == {"slack_capture": "all", "slack_channels": [{"id": "C1"}]}
    with database.read() as session:
        assert session.scalars(select(Signal.verbatim)).all() == ["kept"]


@pytest.mark.parametrize("is_gone", [True, False])
def test_within_one_second_the_token_knows(
    *,
    slack: SlackStandIn,
    server: SandboxServer,
    database: Database,
    clock: StillClock,
    browser: Browser,
    acme: Tenant,
    connections: Connections,
    is_gone: bool,
) -> None:
    """Uninstalled and installed again within one second, or installed and uninstalled: the times are the same."""
    clock.advance(milliseconds=100)
    browser.add_to_slack(acme)
    if is_gone:
        slack.uninstall(TEAM)
    grants = SlackGrants(database, server.slack_api_url, clock)
    (connection,) = connections()
    StoredLifecycle(database, clock, grants.is_alive).end_installation(
        slack_app_id=connection.row.slack_app_id or "",
        account=AccountKey(team_id=TEAM.id),
        reason="app_uninstalled",
        happened_at=clock().replace(microsecond=999_999),
    )
    assert [c.row.state for c in connections()] == ["disconnected" if is_gone else "active"]


@pytest.mark.parametrize("was_connected", [True, False])
def test_what_is_installed_while_an_end_is_looked_into_stays(
    *,
    slack: SlackStandIn,
    server: SandboxServer,
    database: Database,
    clock: StillClock,
    browser: Browser,
    acme: Tenant,
    connections: Connections,
    was_connected: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All within one second: the end, its telling, and an installation after the rows were read."""
    clock.advance(milliseconds=100)
    browser.add_to_slack(acme)
    slack.uninstall(TEAM)
    (connection,) = connections()

    def end() -> str:
        StoredLifecycle(database, clock, SlackGrants(database, server.slack_api_url, clock).is_alive).end_installation(
            slack_app_id=connection.row.slack_app_id or "",
            account=AccountKey(team_id=TEAM.id),
            reason="app_uninstalled",
            happened_at=clock().replace(microsecond=999_999),
        )
        return connections()[0].row.state

    if not was_connected:
        assert end() == "disconnected"
    look, looks = StoredLifecycle._look, []

    def look_and_install(*args: Any) -> Any:
        seen = look(*args)
        looks.append(seen)
        if len(looks) == 1:
            clock.advance(milliseconds=100)
            browser.add_to_slack(acme)
        return seen

    monkeypatch.setattr(StoredLifecycle, "_look", look_and_install)
    assert end() == "active"
    assert len(looks) == 2
