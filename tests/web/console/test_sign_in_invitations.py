from collections.abc import Callable, Iterator

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from core.digests import Digester
from db import Invitation, User
from tests.web.console.conftest import Console
from tests.web.console.people import People, finish, go, leaving, members, people_of, post, reason


@pytest.fixture
def people(open_console: Callable[..., Console], digester: Digester) -> Iterator[People]:
    with people_of(open_console, digester) as ready:
        yield ready


def buttons(html: str) -> set[str]:
    page = BeautifulSoup(html, "html.parser")
    return {str(button["value"]) for button in page.select("button[name=with]")}


def test_the_page_shows_where_the_link_leads_and_uses_nothing_up(people: People) -> None:
    path = people.invite("viewer")
    for _ in range(2):
        answer = people.browser().get(path)
        assert answer.status_code == 200
        assert "Join Acme" in answer.text
        assert "viewer" in answer.text
        assert buttons(answer.text) == {"slack", "oidc", "link"}
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_link_alone_signs_a_new_person_in_once(people: People) -> None:
    path, browser = people.invite("member", "owner@acme.example"), people.browser()
    answer = post(browser, path, **{"with": "link"})
    assert (answer.status_code, answer.location) == (303, "/")
    assert "Acme" in browser.get("/").text
    with people.console.database.read() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 2
    again = people.browser()
    assert post(again, path, **{"with": "link"}).status_code == 410
    assert "was used" in again.get(path).text


@pytest.mark.parametrize("name", ["slack", "oidc"])
def test_joining_with_an_account_connects_it(people: People, name: str) -> None:
    browser = people.browser()
    answer = finish(browser, leaving(post(browser, people.invite("admin"), **{"with": name})))
    assert (answer.status_code, answer.location) == (303, "/")
    names = {"slack": people.slack.world.users[0].name, "oidc": "Dana Reyes"}
    assert members(people) == {"owner@acme.example": "owner", names[name]: "admin"}
    assert go(people.browser(), f"/sign-in/{name}").status_code == 303


def test_who_is_signed_in_joins_as_who_they_are(people: People, open_console: Callable[..., Console]) -> None:
    path, guest = people.invite("viewer"), open_console("Other")
    guest.app = people.console.app
    guest.browser = guest.app.test_client()
    guest.sign_in()
    assert buttons(guest.browser.get(path).text) == {"account", "slack", "oidc"}
    assert post(guest.browser, path, **{"with": "account"}).status_code == 303
    assert members(people) == {"owner@acme.example": "owner", "owner@other.example": "viewer"}
    assert "Acme" in guest.browser.get("/").text


def test_without_a_session_there_is_no_account_to_join_with(people: People) -> None:
    assert post(people.browser(), people.invite(), **{"with": "account"}).status_code == 400
    assert post(people.browser(), people.invite(), **{"with": "nonsense"}).status_code == 400


def test_a_member_is_told_so_and_uses_nothing_up(people: People) -> None:
    owner, path = people.owner(), people.invite("viewer")
    page = owner.get(path).text
    assert "a member already" in page
    assert buttons(page) == set()
    answer = post(owner, path, **{"with": "account"})
    assert (answer.status_code, reason(answer)) == (409, "already_member")
    assert members(people) == {"owner@acme.example": "owner"}
    assert people.browser().get(path).status_code == 200


@pytest.mark.parametrize(("state", "words"), [("expired", "has expired"), ("revoked", "was revoked")])
def test_an_invitation_that_is_over_says_why(people: People, state: str, words: str) -> None:
    path, browser = people.invite(), people.browser()
    url = leaving(post(browser, path, **{"with": "oidc"}))
    if state == "expired":
        people.console.clock.advance(days=7, minutes=-5)
        url = leaving(post(browser, path, **{"with": "oidc"}))
        people.console.clock.advance(minutes=5)
    else:
        with people.console.database.write() as session:
            session.scalars(select(Invitation)).one().revoked_at = people.console.clock()
    for answer in (browser.get(path), post(browser, path, **{"with": "link"})):
        assert answer.status_code == 410
        assert words in answer.text
    assert reason(finish(browser, url)) == "invitation_over"
    with people.console.database.read() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1


@pytest.mark.parametrize("token", ["x", "%00", "%FF%FE", "a" * 5000, "%F0%9F%9A%A6"])
def test_garbage_is_no_invitation(people: People, token: str) -> None:
    assert people.browser().get(f"/invitations/{token}").status_code == 404
    assert people.browser().post(f"/invitations/{token}", data={"with": "link"}).status_code == 404
