from collections.abc import Callable

import pytest

from core.errors import Conflict, Forbidden, NotFound
from db import Database, OAuthState, SlackApp, WorkspaceMember
from oauth.installer import Installer
from sandbox.slack import SlackStandIn
from tests.conftest import StillClock
from tests.oauth.conftest import PUBLIC_URL, Browser, Connection, Tenant, query_of, reason

Connections = Callable[[], list[Connection]]
States = Callable[[str], list[OAuthState]]


@pytest.fixture
def link(installer: Installer, acme: Tenant) -> str:
    return installer.create_ticket(workspace_id=acme.workspace_id, user_id=acme.admin)


def test_a_ticket_installs_in_the_name_of_its_creator(
    browser: Browser, acme: Tenant, link: str, connections: Connections, state_rows: States
) -> None:
    assert link.startswith(f"{PUBLIC_URL}/slack/install?ticket=")
    assert query_of(link)["ticket"] not in repr([vars(row) for row in state_rows("ticket")])

    answer = browser.come_back(browser.allow(browser.open(link)))

    assert answer.status == 200
    (connection,) = connections()
    assert (connection.row.workspace_id, connection.row.created_by) == (acme.workspace_id, acme.admin)


def test_looking_at_a_ticket_does_not_use_it_up(browser: Browser, link: str, state_rows: States) -> None:
    for _ in range(3):
        assert browser.open(link).status == 302
    assert [row.consumed_at for row in state_rows("ticket")] == [None]


def test_a_failure_does_not_use_it_up(browser: Browser, link: str, slack: SlackStandIn) -> None:
    slack.fail_next("oauth.v2.access", error="internal_error", status=500)
    assert browser.come_back(browser.allow(browser.open(link))).status == 503
    assert browser.come_back(browser.allow(browser.open(link))).status == 200


def test_a_team_that_belongs_elsewhere_does_not_use_it_up(
    browser: Browser, link: str, make_tenant: Callable[[str], Tenant], state_rows: States
) -> None:
    browser.add_to_slack(make_tenant("globex"))
    refused = browser.come_back(browser.allow(browser.open(link)))
    assert reason(refused) == "slack_team_connected_elsewhere"
    assert [row.consumed_at for row in state_rows("ticket")] == [None]


def test_success_uses_it_up_once(browser: Browser, link: str, slack: SlackStandIn) -> None:
    first, second = browser.open(link), browser.open(link)
    assert browser.come_back(browser.allow(first)).status == 200

    begun_before = browser.come_back(browser.allow(second))
    assert (begun_before.status, reason(begun_before)) == (401, "ticket_invalid")
    assert slack.calls("oauth.v2.access") == 1
    begun_after = browser.open(link)
    assert (begun_after.status, reason(begun_after)) == (401, "ticket_invalid")


def test_a_ticket_lives_for_an_hour(browser: Browser, link: str, clock: StillClock) -> None:
    clock.advance(minutes=59, seconds=59)
    started = browser.open(link)
    clock.advance(seconds=1)
    assert reason(browser.open(link)) == "ticket_invalid"
    assert browser.come_back(browser.allow(started)).status == 200


def test_a_made_up_ticket(browser: Browser, installer: Installer) -> None:
    assert reason(browser.open(f"{PUBLIC_URL}/slack/install?ticket=%00made-up")) == "ticket_invalid"


def test_a_demoted_creators_ticket_opens_nothing(
    browser: Browser, acme: Tenant, link: str, database: Database, connections: Connections
) -> None:
    back = browser.allow(browser.open(link))
    with database.write() as session:
        session.delete(session.get_one(WorkspaceMember, (acme.workspace_id, acme.admin)))

    for answer in (browser.open(link), browser.come_back(back)):
        assert (answer.status, reason(answer)) == (403, "install_forbidden")
    assert connections() == []


def test_who_gets_a_ticket(
    installer: Installer, acme: Tenant, make_tenant: Callable[[str], Tenant], database: Database
) -> None:
    foreign = SlackApp(workspace_id=make_tenant("globex").workspace_id, client_id="1.2")
    with database.write() as session:
        session.add(foreign)
    with pytest.raises(Forbidden):
        installer.create_ticket(workspace_id=acme.workspace_id, user_id=acme.member)
    with pytest.raises(NotFound):
        installer.create_ticket(workspace_id=acme.workspace_id, user_id=acme.owner, slack_app_id=foreign.id)


def test_a_ticket_needs_an_app(installer: Installer, acme: Tenant, database: Database) -> None:
    with database.write() as session:
        for app in session.query(SlackApp):
            session.delete(app)
    with pytest.raises(Conflict, match="SIGNALBOX_SLACK_CLIENT_ID"):
        installer.create_ticket(workspace_id=acme.workspace_id, user_id=acme.owner)


def test_a_ticket_within_a_transaction_ends_with_it(
    installer: Installer, acme: Tenant, database: Database, state_rows: States
) -> None:
    with database.write() as session:
        installer.create_ticket(session, workspace_id=acme.workspace_id, user_id=acme.owner)
        session.rollback()
    assert state_rows("ticket") == []
