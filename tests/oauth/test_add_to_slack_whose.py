"""Add to Slack where another workspace, or another app, is concerned."""

from collections.abc import Callable

from sqlalchemy import select

from db import AuditEntry, Database, SlackApp
from tests.oauth.conftest import Browser, Connection, Tenant, header, query_of, reason

Connections = Callable[[], list[Connection]]


def test_a_team_of_another_workspace_stays_there_and_gets_the_fresh_tokens(
    browser: Browser,
    acme: Tenant,
    make_tenant: Callable[[str], Tenant],
    connections: Connections,
    database: Database,
) -> None:
    other = make_tenant("globex")
    browser.add_to_slack(acme)
    (before,) = connections()

    refused = browser.add_to_slack(other)

    assert (refused.status, reason(refused)) == (409, "slack_team_connected_elsewhere")
    assert "acme" not in refused.body
    (after,) = connections()
    assert (after.row.id, after.row.workspace_id) == (before.row.id, acme.workspace_id)
    assert after.access_token != before.access_token
    with database.read() as session:
        entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.workspace_id, entry.action, entry.actor_id) == (acme.workspace_id, "slack.tokens_adopted", None)


def test_own_app_is_chosen_only_within_its_workspace(
    browser: Browser, acme: Tenant, make_tenant: Callable[[str], Tenant], database: Database
) -> None:
    with database.write() as session:
        own = SlackApp(workspace_id=acme.workspace_id, client_id="33.44", client_secret="x", signing_secret="y")
        session.add(own)

    assert query_of(header(browser.start(acme, app=own.id), "location"))["client_id"] == "33.44"
    foreign = browser.start(make_tenant("globex"), app=own.id)
    assert (foreign.status, reason(foreign)) == (404, "not_found")


def test_without_an_app_the_page_says_how_to_get_one(browser: Browser, acme: Tenant, database: Database) -> None:
    with database.write() as session:
        session.delete(session.scalars(select(SlackApp)).one())

    answer = browser.start(acme)

    assert (answer.status, reason(answer)) == (409, "slack_app_missing")
    assert "SIGNALBOX_SLACK_CLIENT_ID" in answer.body


def test_tokens_of_another_app_are_refused(
    browser: Browser, acme: Tenant, database: Database, connections: Connections
) -> None:
    with database.write() as session:
        session.scalars(select(SlackApp)).one().api_app_id = "A0OTHER"

    answer = browser.add_to_slack(acme)

    assert (answer.status, reason(answer)) == (409, "app_mismatch")
    assert connections() == []
