"""From Slack's uninstall events through Bolt to the wiped row."""

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from sqlalchemy import select

from core.adapter import ReceivedEvent
from core.taming import JsonObject
from db import Database, SlackApp
from integrations.slack.bolt import build_app
from integrations.slack.effects import SlackEffects
from oauth.authorize import IntegrationsAuthorize
from oauth.installer import Installer
from pipeline.installations.lifecycle import StoredLifecycle
from pipeline.tokens.access import StoredAccess
from sandbox import slack_events
from sandbox.slack import SlackStandIn
from sandbox.slack_world import SlackTeam
from tests.conftest import StillClock
from tests.oauth.conftest import GRID_TEAM, TEAM, Browser, Connection, Tenant
from tests.surfaces import surfaces_over

Connections = Callable[[], list[Connection]]


@pytest.fixture
def perform(installer: Installer, database: Database, clock: StillClock) -> Callable[[JsonObject], None]:
    with database.read() as session:
        slack_app_id = session.scalars(select(SlackApp.id)).one()
    effects = SlackEffects(
        lambda app_id: build_app(
            oauth_flow=installer.flow(app_id),
            authorize=IntegrationsAuthorize(database, StoredAccess(database), app_id),
            lifecycle=StoredLifecycle(database, clock),
            surfaces=surfaces_over(database, clock),
        )
    )

    def perform(payload: JsonObject) -> None:
        body = msgspec.json.encode(payload)
        effects.perform(ReceivedEvent("evt_1", "slack", "any", body, clock(), slack_app_id=slack_app_id))

    return perform


def farewell(slack: SlackStandIn, event: JsonObject, team: SlackTeam = TEAM) -> JsonObject:
    return slack.event(event, team=team)


def test_an_uninstall_wipes_the_tokens(
    slack: SlackStandIn, browser: Browser, acme: Tenant, connections: Connections, perform: Callable[[JsonObject], None]
) -> None:
    browser.add_to_slack(acme)
    perform(farewell(slack, slack_events.app_uninstalled()))

    (connection,) = connections()
    assert (connection.row.state, connection.row.state_reason) == ("disconnected", "app_uninstalled")
    assert (connection.access_token, connection.refresh_token, connection.webhook_secret) == (None, None, None)


def test_a_revoked_bot_token_ends_it_a_users_does_not(
    slack: SlackStandIn, browser: Browser, acme: Tenant, connections: Connections, perform: Callable[[JsonObject], None]
) -> None:
    browser.add_to_slack(acme)
    perform(farewell(slack, slack_events.tokens_revoked(user_ids=("U1",))))
    assert [c.row.state for c in connections()] == ["active"]
    perform(farewell(slack, slack_events.tokens_revoked(bot_user_ids=("UBOT",))))
    assert [c.row.state_reason for c in connections()] == ["tokens_revoked"]


def test_a_late_event_does_not_end_a_reinstall(
    *,
    slack: SlackStandIn,
    browser: Browser,
    acme: Tenant,
    clock: StillClock,
    connections: Connections,
    perform: Callable[[JsonObject], None],
) -> None:
    browser.add_to_slack(acme)
    uninstalled = farewell(slack, slack_events.app_uninstalled())
    revoked = farewell(slack, slack_events.tokens_revoked(bot_user_ids=("UBOT",)))
    perform(uninstalled)
    clock.advance(seconds=5)
    browser.add_to_slack(acme)
    clock.advance(minutes=3)

    perform(revoked)
    perform(uninstalled)

    (connection,) = connections()
    assert connection.row.state == "active"
    assert connection.access_token


def test_an_uninstall_in_the_second_of_the_installation_counts(
    *,
    slack: SlackStandIn,
    browser: Browser,
    acme: Tenant,
    clock: StillClock,
    connections: Connections,
    perform: Callable[[JsonObject], None],
) -> None:
    clock.advance(milliseconds=700)
    browser.add_to_slack(acme)
    perform(farewell(slack, slack_events.app_uninstalled()))
    assert [c.row.state for c in connections()] == ["disconnected"]


@pytest.mark.parametrize("shape", ["authorizations", "enterprise_only"])
def test_an_organisation_is_uninstalled(
    *,
    slack: SlackStandIn,
    browser: Browser,
    acme: Tenant,
    connections: Connections,
    perform: Callable[[JsonObject], None],
    shape: str,
) -> None:
    org = replace(GRID_TEAM, org_wide=True)
    slack.world = replace(slack.world, teams=(org,))
    browser.add_to_slack(acme)
    payload = farewell(slack, slack_events.app_uninstalled(), org)
    if shape == "enterprise_only":
        payload.pop("authorizations")
        payload["team_id"], payload["enterprise_id"] = None, org.enterprise_id
    perform(payload)
    assert [c.row.state for c in connections()] == ["disconnected"]


def test_another_teams_uninstall_is_not_ours(
    slack: SlackStandIn, browser: Browser, acme: Tenant, connections: Connections, perform: Callable[[JsonObject], None]
) -> None:
    browser.add_to_slack(acme)
    payload = farewell(slack, slack_events.app_uninstalled())
    payload["authorizations"] = []
    payload["team_id"] = "T0OTHER"
    perform(payload)
    assert [c.row.state for c in connections()] == ["active"]
