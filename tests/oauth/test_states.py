from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from core.digests import Digester
from db import Database, OAuthState, SlackApp, WorkspaceMember
from oauth.installer import Installer, Visit
from oauth.intent import InstallIntent
from oauth.state_store import InstallStateStore
from sandbox.slack import SlackStandIn
from tests.conftest import StillClock
from tests.oauth.conftest import Browser, Connection, Tenant, header, query_of, reason

Connections = Callable[[], list[Connection]]


def test_a_cancelled_request_changes_nothing(browser: Browser, acme: Tenant, slack: SlackStandIn) -> None:
    started = browser.start(acme)
    state = query_of(header(started, "location"))["state"]

    denied = browser.come_back(f"https://x/?error=access_denied&state={state}")

    assert (denied.status, reason(denied)) == (200, "access_denied")
    assert browser.come_back(browser.allow(started)).status == 200


@pytest.mark.parametrize("error", ["storage_error", "<script>alert(1)</script>", "", "\x00"])
def test_what_stands_in_the_url_is_never_repeated(browser: Browser, error: str) -> None:
    answer = browser.installer.finish(Visit({"error": error, "state": "x"}))

    assert (answer.status, reason(answer)) == (400, "slack_error")
    assert "script" not in answer.body


def test_an_unknown_state_is_invalid(browser: Browser) -> None:
    for query in ({}, {"code": "1"}, {"code": "1", "state": "\x00"}, {"code": "1", "state": "\ud800"}):
        answer = browser.installer.finish(Visit(query))
        assert (answer.status, reason(answer)) == (401, "invalid_state")


def test_a_state_ends_after_ten_minutes(browser: Browser, acme: Tenant, clock: StillClock) -> None:
    late, in_time = browser.allow(browser.start(acme)), browser.allow(browser.start(acme))

    clock.advance(minutes=9, seconds=59)
    assert browser.come_back(in_time).status == 200
    clock.advance(seconds=1)
    answer = browser.come_back(late)
    assert (answer.status, reason(answer)) == (401, "invalid_state")


def test_a_state_is_good_for_one_return(browser: Browser, acme: Tenant, connections: Connections) -> None:
    back = browser.allow(browser.start(acme))

    assert browser.come_back(back).status == 200
    again = browser.come_back(back)
    assert (again.status, reason(again)) == (401, "invalid_state")
    assert len(connections()) == 1


def test_another_browser_is_refused_and_uses_nothing_up(
    browser: Browser, acme: Tenant, make_tenant: Callable[[str], Tenant]
) -> None:
    back = browser.allow(browser.start(acme))
    bare, stranger = Browser(browser.installer), Browser(browser.installer)
    stranger.start(make_tenant("globex"))

    for other in (bare, stranger):
        refused = other.come_back(back)
        assert (refused.status, reason(refused)) == (400, "invalid_browser")
    assert browser.come_back(back).status == 200


def test_a_second_tab_does_not_break_the_first(browser: Browser, acme: Tenant) -> None:
    first, second = browser.start(acme), browser.start(acme)

    assert header(first, "set-cookie") == header(second, "set-cookie")
    assert browser.come_back(browser.allow(first)).status == 200
    assert browser.come_back(browser.allow(second)).status == 200


def test_a_return_without_a_code(browser: Browser, acme: Tenant, connections: Connections) -> None:
    state = query_of(header(browser.start(acme), "location"))["state"]

    answer = browser.come_back(f"https://x/?state={state}")

    assert (answer.status, reason(answer)) == (401, "missing_code")
    assert connections() == []


@pytest.mark.parametrize(
    ("error", "status", "expected"),
    [
        ("invalid_code", 200, (401, "invalid_code")),
        ("code_already_used", 200, (401, "invalid_code")),
        ("bad_client_secret", 200, (424, "slack_app_rejected")),
        ("ratelimited", 429, (503, "slack_unavailable")),
        ("internal_error", 200, (503, "slack_unavailable")),
        ("<html>", 502, (503, "slack_unavailable")),
    ],
)
def test_slack_refuses_the_code(
    *,
    slack: SlackStandIn,
    browser: Browser,
    acme: Tenant,
    connections: Connections,
    error: str,
    status: int,
    expected: tuple[int, str],
) -> None:
    slack.fail_next("oauth.v2.access", error=error, status=status)

    answer = browser.add_to_slack(acme)

    assert (answer.status, reason(answer)) == expected
    assert any(name == "retry-after" for name, _ in answer.headers) == (answer.status == 503)
    assert connections() == []


def test_a_slack_that_is_not_there(make_installer: Callable[..., Installer], acme: Tenant) -> None:
    browser = Browser(make_installer(slack_api_url="http://127.0.0.1:9/api/"))
    answer = browser.add_to_slack(acme)
    assert (answer.status, reason(answer)) == (503, "slack_unavailable")


def test_a_database_that_is_away_is_said_so(browser: Browser, acme: Tenant, database: Database) -> None:
    back = browser.allow(browser.start(acme))
    with database.engine.begin() as raw:
        raw.exec_driver_sql("ALTER TABLE oauth_states RENAME TO lost")

    for answer in (browser.come_back(back), browser.start(acme)):
        assert (answer.status, reason(answer)) == (503, "storage_error")
        assert header(answer, "retry-after")


def test_whoever_is_no_admin_any_more_installs_nothing(
    browser: Browser, acme: Tenant, database: Database, connections: Connections
) -> None:
    back = browser.allow(browser.start(acme, user_id=acme.admin))
    with database.write() as session:
        member = session.get_one(WorkspaceMember, (acme.workspace_id, acme.admin))
        member.role = "member"

    answer = browser.come_back(back)

    assert (answer.status, reason(answer)) == (403, "install_forbidden")
    assert connections() == []


@pytest.mark.parametrize("workspace", ["", "ws_unknown", "ws\x00"])
def test_who_may_start(browser: Browser, acme: Tenant, workspace: str) -> None:
    visit = Visit({})
    anonymous = browser.installer.start(visit, user_id=None, workspace_id=acme.workspace_id)
    assert (anonymous.status, reason(anonymous)) == (401, "sign_in_required")
    member = browser.installer.start(visit, user_id=acme.member, workspace_id=acme.workspace_id)
    assert (member.status, reason(member)) == (403, "install_forbidden")
    elsewhere = browser.installer.start(visit, user_id=acme.owner, workspace_id=workspace)
    assert (elsewhere.status, reason(elsewhere)) == (403, "install_forbidden")


def test_the_cookie_is_secure_over_https(browser: Browser, acme: Tenant) -> None:
    name, *attributes = header(browser.start(acme), "set-cookie").split("; ")
    assert name.startswith("__Host-signalbox-install=")
    assert set(attributes) == {"Path=/", "Max-Age=600", "HttpOnly", "SameSite=Lax", "Secure"}


def test_the_cookie_works_over_plain_http(make_installer: Callable[..., Installer], acme: Tenant) -> None:
    browser = Browser(make_installer(public_url="http://127.0.0.1:3000"))
    started = browser.start(acme)
    assert "secure" not in header(started, "set-cookie").lower()
    assert "SameSite=Lax" in header(started, "set-cookie")
    assert browser.come_back(browser.allow(started)).status == 200


def test_only_digests_are_stored(browser: Browser, acme: Tenant, state_rows: Callable[[str], list[OAuthState]]) -> None:
    state = query_of(header(browser.start(acme), "location"))["state"]
    (row,) = state_rows("state")
    assert state not in (row.digest, row.browser_digest)
    assert len(row.digest) == len(row.browser_digest or "") == 64


def test_of_a_hundred_returns_at_once_one_gets_in(
    database: Database, digester: Digester, clock: StillClock, browser: Browser, acme: Tenant
) -> None:
    with database.read() as session:
        app_id = session.scalars(select(SlackApp.id)).one()
    states = InstallStateStore(database, digester, clock, slack_app_id=app_id)
    state = states.issue(InstallIntent(acme.workspace_id, acme.owner, app_id), "browser")

    with ThreadPoolExecutor(max_workers=100) as crowd:
        outcomes = list(crowd.map(lambda _: states.consume(state), range(100)))

    assert sum(outcomes) == 1


def test_a_state_of_one_app_is_not_anothers(
    database: Database, digester: Digester, clock: StillClock, browser: Browser, acme: Tenant
) -> None:
    with database.read() as session:
        app_id = session.scalars(select(SlackApp.id)).one()
    intent = InstallIntent(acme.workspace_id, acme.owner, app_id)
    state = InstallStateStore(database, digester, clock, slack_app_id=app_id).issue(intent, "browser")

    assert not InstallStateStore(database, digester, clock, slack_app_id="app_other").consume(state)


def test_ended_states_are_forgotten(
    browser: Browser, acme: Tenant, clock: StillClock, state_rows: Callable[[str], list[OAuthState]]
) -> None:
    browser.start(acme)
    clock.advance(minutes=19)
    browser.start(acme)
    assert len(state_rows("state")) == 2
    clock.advance(minutes=2)
    browser.start(acme)
    assert len(state_rows("state")) == 2
