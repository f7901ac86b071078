"""Add to Slack: the way out, the way back, and what a connection keeps when it is made again."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import httpx
from sqlalchemy import select, text

from core.settings import Settings
from db import AuditEntry, Database, Integration, SlackApp
from oauth.installer import Installer
from sandbox.slack import SlackStandIn
from tests.conftest import StillClock
from tests.oauth.conftest import GRID_TEAM, PUBLIC_URL, TEAM, Browser, Connection, Tenant, header, query_of

Connections = Callable[[], list[Connection]]


def test_the_way_out_asks_slack_for_the_scopes(browser: Browser, acme: Tenant, settings: Settings) -> None:
    started = browser.start(acme)

    assert started.status == 302
    location = header(started, "location")
    assert location.startswith(settings.slack_authorize_url + "?")
    asked = query_of(location)
    assert asked.pop("state")
    assert asked == {
        "client_id": "11.22",
        "scope": "channels:history,groups:history",
        "user_scope": "",
        "redirect_uri": f"{PUBLIC_URL}/slack/oauth_redirect",
    }


def test_coming_back_connects_the_team(
    browser: Browser, acme: Tenant, connections: Connections, clock: StillClock, database: Database
) -> None:
    answer = browser.add_to_slack(acme)

    assert answer.status == 200
    assert "Tide &amp; &#34;water&#34; is connected" in answer.body
    assert "<code>channels:history</code>" in answer.body
    (connection,) = connections()
    row = connection.row
    assert (row.workspace_id, row.platform, row.name, row.state) == (acme.workspace_id, "slack", TEAM.name, "active")
    assert (row.slack_team_id, row.slack_team_name, row.slack_enterprise_id) == (TEAM.id, TEAM.name, None)
    assert row.scopes == ["channels:history", "groups:history"]
    assert (row.installed_at, row.refreshed_at) == (clock(), clock())
    assert row.token_expires_at == clock() + timedelta(seconds=43_200)
    assert row.slack_bot_id
    assert row.slack_bot_user_id
    assert row.config == {"slack_url": "https://tidewater.slack.com/"}
    assert row.created_by == acme.owner
    assert (connection.access_token or "").startswith("xoxe.xoxb-1-")
    assert (connection.refresh_token or "").startswith("xoxe-1-")
    assert connection.webhook_secret == "s1"
    with database.read() as session:
        entry = session.scalars(select(AuditEntry)).one()
        assert (entry.action, entry.actor_id, entry.target_id) == ("slack.installed", acme.owner, row.id)
        assert session.scalars(select(SlackApp.api_app_id)).one() == "A0APP"


def test_the_tokens_are_sealed_in_the_database(
    browser: Browser, acme: Tenant, connections: Connections, database: Database
) -> None:
    browser.add_to_slack(acme)

    (connection,) = connections()
    with database.engine.connect() as raw:
        columns = "access_token, refresh_token, webhook_secret"
        stored = b"".join(bytes(value) for value in raw.execute(text(f"SELECT {columns} FROM integrations")).one())
    for secret in (connection.access_token, connection.refresh_token):
        assert secret
        assert secret.encode() not in stored


def test_tokens_that_do_not_rotate_have_no_end(
    slack: SlackStandIn, browser: Browser, acme: Tenant, connections: Connections
) -> None:
    slack.grants.rotation = False
    browser.add_to_slack(acme)

    (connection,) = connections()
    assert (connection.access_token or "").startswith("xoxb-")
    assert (connection.refresh_token, connection.row.token_expires_at) == (None, None)


def test_adding_again_keeps_the_row_and_what_was_decided(
    browser: Browser, acme: Tenant, connections: Connections, database: Database, clock: StillClock
) -> None:
    browser.add_to_slack(acme)
    (first,) = connections()
    with database.write() as session:
        row = session.scalars(select(Integration)).one()
        row.name, row.is_active, row.config = "Customers", False, {"slack_capture": "all"}
        row.state, row.state_reason, row.lease_token = "needs_reconnect", "invalid_refresh_token", "somebody"

    clock.advance(hours=1)
    assert browser.add_to_slack(acme, user_id=acme.admin).status == 200

    (second,) = connections()
    assert second.row.id == first.row.id
    assert second.access_token != first.access_token
    assert (second.row.name, second.row.is_active) == ("Customers", False)
    assert second.row.config == {"slack_capture": "all", "slack_url": "https://tidewater.slack.com/"}
    assert (second.row.state, second.row.state_reason, second.row.lease_token) == ("active", None, None)
    assert second.row.installed_at == clock()
    with database.read() as session:
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["slack.installed", "slack.reinstalled"]


def test_a_disconnected_team_gets_its_row_back(
    browser: Browser, installer: Installer, acme: Tenant, connections: Connections, database: Database
) -> None:
    browser.add_to_slack(acme)
    (first,) = connections()
    assert first.row.slack_app_id
    installer.flow(first.row.slack_app_id).settings.installation_store.delete_all(enterprise_id=None, team_id=TEAM.id)
    (gone,) = connections()
    assert (gone.row.state, gone.access_token, gone.refresh_token) == ("disconnected", None, None)

    browser.add_to_slack(acme)

    (back,) = connections()
    assert (back.row.id, back.row.state, back.row.config) == (first.row.id, "active", first.row.config)
    assert back.access_token


def test_an_organisation_wide_installation_has_no_team(
    slack: SlackStandIn, browser: Browser, acme: Tenant, connections: Connections
) -> None:
    slack.world = replace(slack.world, teams=(replace(GRID_TEAM, org_wide=True),))
    assert browser.add_to_slack(acme).status == 200
    assert browser.add_to_slack(acme).status == 200

    (connection,) = connections()
    row = connection.row
    assert (row.slack_team_id, row.slack_enterprise_id, row.name) == (None, "E0GRID", "Grid Inc.")


def test_what_slack_shows_is_what_the_sandbox_was_asked(browser: Browser, acme: Tenant, slack: SlackStandIn) -> None:
    """The authorize URL survives a real HTTP round trip, odd characters included."""
    slack.auto_approve = False
    page = httpx.get(header(browser.start(acme), "location"))
    assert page.status_code == 200
    assert "channels:history" in page.text
