from collections.abc import Callable, Iterator

import httpx
import pytest
from sqlalchemy import func, select

from core.digests import Digester
from db import User, UserIdentity, UserSession
from sandbox.oidc import OpenIdPerson
from tests.oauth.openid_site import DANA, ELI
from tests.web.console.conftest import Console
from tests.web.console.people import People, finish, go, leaving, members, people_of, post, reason


@pytest.fixture
def people(open_console: Callable[..., Console], digester: Digester) -> Iterator[People]:
    with people_of(open_console, digester) as ready:
        yield ready


def test_the_page_offers_what_is_set_up(people: People, open_console: Callable[..., Console]) -> None:
    page = people.browser().get("/sign-in?next=/signals?q=1").text
    assert 'href="/sign-in/slack?next=/signals?q%3D1"' in page
    assert "Sign in with Slack" in page
    assert "single sign-on" in page


@pytest.mark.parametrize("name", ["slack", "oidc"])
def test_what_is_not_set_up_is_not_offered(open_console: Callable[..., Console], name: str) -> None:
    console = open_console()
    assert f"/sign-in/{name}" not in console.browser.get("/sign-in").text
    answer = console.browser.get(f"/sign-in/{name}")
    assert answer.status_code == 409
    assert reason(answer) in ("slack_app_missing", "oidc_not_configured")


@pytest.mark.parametrize("name", ["slack", "oidc"])
def test_a_stranger_is_told_to_ask_for_an_invitation(people: People, name: str) -> None:
    browser = people.browser()
    answer = go(browser, f"/sign-in/{name}")
    assert answer.status_code == 403
    assert reason(answer) == "identity_unknown"
    assert "Ask an admin" in answer.text
    assert browser.get_cookie("signalbox_session") is None
    with people.console.database.read() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1


@pytest.mark.parametrize("name", ["slack", "oidc"])
def test_who_connected_an_account_signs_in_with_it(people: People, name: str) -> None:
    owner = people.owner()
    connected = finish(owner, leaving(post(owner, f"/account/identities/{name}")))
    assert (connected.status_code, connected.location) == (303, "/account")
    elsewhere = people.browser()
    answer = go(elsewhere, f"/sign-in/{name}?next=/signals?q=invoice")
    assert (answer.status_code, answer.location) == (303, "/signals?q=invoice")
    assert "Acme" in elsewhere.get("/").text
    with people.console.database.read() as session:
        identity = session.scalars(select(UserIdentity)).one()
    somebody = people.slack.world.users[0]
    expected = f"{somebody.team_id}/{somebody.id}" if name == "slack" else DANA.subject
    assert (identity.user_id, identity.subject) == (people.console.made.user_id, expected)


def test_an_equal_address_signs_nobody_in(people: People) -> None:
    """The provider says that Dana's address is the owner's."""
    same = OpenIdPerson("sub-other", "Mallory", "owner@acme.example")
    people.oidc.people = lambda: [same]
    assert reason(go(people.browser(), "/sign-in/oidc")) == "identity_unknown"
    browser = people.browser()
    finish(browser, leaving(post(browser, people.invite("viewer", "owner@acme.example"), **{"with": "oidc"})))
    assert members(people) == {"owner@acme.example": "owner", "Mallory": "viewer"}
    people.oidc.people = lambda: [OpenIdPerson("sub-other", "Mallory", "changed@acme.example")]
    assert go(people.browser(), "/sign-in/oidc").status_code == 303
    assert len(members(people)) == 2


def test_an_account_of_somebody_else_cannot_be_connected(people: People) -> None:
    owner, member = people.owner(), people.member("member")
    finish(owner, leaving(post(owner, "/account/identities/oidc")))
    answer = finish(member, leaving(post(member, "/account/identities/oidc")))
    assert (answer.status_code, reason(answer)) == (409, "identity_taken")


def test_connecting_is_for_who_began_it(people: People) -> None:
    browser = people.owner()
    url = leaving(post(browser, "/account/identities/oidc"))
    post(browser, "/sign-out")
    assert reason(finish(browser, url)) == "signed_in_as_another"
    with people.console.database.read() as session:
        assert session.scalar(select(func.count()).select_from(UserIdentity)) == 0


def test_two_tabs_do_not_break_each_other(people: People) -> None:
    owner = people.owner()
    finish(owner, leaving(post(owner, "/account/identities/oidc")))
    browser = people.browser()
    first, second = (browser.get(f"/sign-in/oidc?next=/signals?q={tab}").location for tab in (1, 2))
    assert finish(browser, second).location == "/signals?q=2"
    assert finish(browser, first).location == "/signals?q=1"


def test_a_way_back_is_bound_to_its_browser_and_its_time_and_used_once(people: People) -> None:
    owner = people.owner()
    finish(owner, leaving(post(owner, "/account/identities/oidc")))
    browser = people.browser()
    url = browser.get("/sign-in/oidc").location
    assert reason(finish(people.browser(), url)) == "sign_in_state_invalid"
    back = httpx.get(url).headers["location"].removeprefix("http://localhost")
    assert reason(browser.get(back.replace("/oidc/", "/slack/"))) == "sign_in_state_invalid"
    assert browser.get(back).status_code == 303
    assert reason(browser.get(back)) == "sign_in_state_invalid"
    late = browser.get("/sign-in/oidc").location
    people.console.clock.advance(minutes=10)
    assert reason(finish(browser, late)) == "sign_in_state_invalid"


@pytest.mark.parametrize("query", ["", "?state=", "?state=x&code=y", "?error=access_denied", "?state=%00&code=%FF"])
def test_a_way_back_from_nowhere(people: People, query: str) -> None:
    answer = people.browser().get(f"/sign-in/oidc/callback{query}")
    assert (answer.status_code, reason(answer)) == (401, "sign_in_state_invalid")


def test_who_cancels_at_the_provider_is_not_signed_in(people: People) -> None:
    people.oidc.people = list  # nobody can be chosen
    people.oidc.auto_approve = lambda: False
    browser = people.browser()
    url = httpx.URL(browser.get("/sign-in/oidc").location)
    back = httpx.post(url.copy_with(query=None), data={**url.params, "subject": ""}).headers["location"]
    assert reason(browser.get(back.removeprefix("http://localhost"))) == "sign_in_refused"


def test_a_token_that_proves_nothing_signs_nobody_in(people: People) -> None:
    owner = people.owner()
    finish(owner, leaving(post(owner, "/account/identities/oidc")))
    people.oidc.flaw_next("signature")
    browser = people.browser()
    answer = go(browser, "/sign-in/oidc")
    assert (answer.status_code, reason(answer)) == (401, "id_token_invalid")
    assert browser.get_cookie("signalbox_session") is None


def test_a_provider_that_is_away(people: People) -> None:
    people.oidc.fail_next("discovery")
    answer = people.browser().get("/sign-in/oidc")
    assert (answer.status_code, reason(answer)) == (424, "sign_in_unavailable")


def test_signing_in_rotates_the_session(people: People) -> None:
    browser = people.owner()
    finish(browser, leaving(post(browser, "/account/identities/slack")))
    before = browser.get_cookie("signalbox_session")
    assert go(browser, "/sign-in/slack").status_code == 303
    after = browser.get_cookie("signalbox_session")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    with people.console.database.read() as session:
        live = select(func.count()).select_from(UserSession).where(UserSession.revoked_at.is_(None))
        assert session.scalar(live) == 1


def test_the_way_out_is_remembered_out_of_reach(people: People) -> None:
    cookie = people.browser().get("/sign-in/slack").headers["Set-Cookie"]
    assert cookie.startswith("signalbox-sign-in-")
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"} <= set(cookie.split("; "))


@pytest.mark.parametrize("page", ["//evil.example", "https://evil.example"])
def test_nobody_is_sent_to_another_site(people: People, page: str) -> None:
    browser = people.owner()
    assert browser.get("/sign-in", query_string={"next": page}).location == "/"
    finish(browser, leaving(post(browser, "/account/identities/oidc")))
    elsewhere = people.browser()
    assert finish(elsewhere, elsewhere.get("/sign-in/oidc", query_string={"next": page}).location).location == "/"


@pytest.mark.parametrize("path", ["/signals/sig_1?x=1", "/account"])
def test_a_link_leads_back_after_signing_in(people: People, path: str) -> None:
    answer = people.browser().get(path)
    assert answer.status_code == 303
    assert httpx.URL(answer.location).params["next"] == path


def test_another_site_cannot_connect_or_join(people: People) -> None:
    owner, path = people.owner(), people.invite()
    foreign = {"Sec-Fetch-Site": "cross-site"}
    for target in ("/account/identities/slack", path, "/switch", "/welcome", "/account/sign-out-everywhere"):
        assert owner.post(target, data={"with": "link"}).status_code == 403
        assert people.browser().post(target, data={"with": "link"}, headers=foreign).status_code == 403
    assert len(members(people)) == 1


def test_names_in_the_provider_cannot_be_code(people: People) -> None:
    people.oidc.people = lambda: [OpenIdPerson("sub-x", "<script>alert(1)</script>", "x@acme.example")]
    browser = people.browser()
    finish(browser, leaving(post(browser, people.invite(), **{"with": "oidc"})))
    page = browser.get("/account").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert ELI.name not in page
