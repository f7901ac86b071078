from collections.abc import Callable, Iterator

import pytest
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from sqlalchemy import select, update

from core.digests import Digester
from db import AuditEntry, UserSession, WorkspaceMember
from tests.web.console.conftest import Console
from tests.web.console.people import People, finish, leaving, members, people_of, post


@pytest.fixture
def people(open_console: Callable[..., Console], digester: Digester) -> Iterator[People]:
    with people_of(open_console, digester) as ready:
        yield ready


def page_of(browser: FlaskClient, path: str = "/account") -> BeautifulSoup:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.text
    return BeautifulSoup(answer.text, "html.parser")


def forms(page: BeautifulSoup, part: str) -> list[str]:
    return [str(form["action"]) for form in page.select("form") if part in str(form["action"])]


def test_the_account_lists_accounts_and_sessions(people: People) -> None:
    owner = people.owner()
    finish(owner, leaving(post(owner, "/account/identities/oidc")))
    page = page_of(owner)
    assert "sub-dana" in page.text
    assert "This browser" in page.text
    (remove,) = forms(page, "/remove")
    assert post(owner, remove, confirmed="1").status_code == 303
    assert "sub-dana" not in page_of(owner).text


def test_nobody_removes_another_persons_account_or_session(people: People) -> None:
    owner, member = people.owner(), people.member("member")
    finish(owner, leaving(post(owner, "/account/identities/oidc")))
    (remove,) = forms(page_of(owner), "/remove")
    post(member, remove, confirmed="1")
    with people.console.database.read() as session:
        owners = session.scalars(select(UserSession).where(UserSession.user_id == people.console.made.user_id)).all()
    for row in owners:
        post(member, f"/account/sessions/{row.id}/end", confirmed="1")
    assert "sub-dana" in page_of(owner).text


def test_another_browser_is_signed_out_from_here(people: People) -> None:
    owner, elsewhere = people.owner(), people.browser()
    finish(owner, leaving(post(owner, "/account/identities/oidc")))
    finish(elsewhere, elsewhere.get("/sign-in/oidc").location)
    (end,) = forms(page_of(owner), "/end")
    assert post(owner, end, confirmed="1").status_code == 303
    assert elsewhere.get("/account").status_code == 303
    assert owner.get("/account").status_code == 200


def test_signing_out_everywhere(people: People) -> None:
    owner, elsewhere, member = people.owner(), people.browser(), people.member("viewer")
    finish(owner, leaving(post(owner, "/account/identities/oidc")))
    finish(elsewhere, elsewhere.get("/sign-in/oidc").location)
    answer = post(owner, "/account/sign-out-everywhere", confirmed="1")
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert [browser.get("/account").status_code for browser in (owner, elsewhere, member)] == [303, 303, 200]


def test_the_switcher_changes_what_the_browser_looks_at(people: People) -> None:
    owner = people.owner()
    assert post(owner, "/welcome", name="Second").status_code == 303
    assert "Second" in page_of(owner, "/").find("h1").text  # type: ignore[union-attr]  # every page has one
    menu = {str(button["value"]): button.text for button in page_of(owner).select(".switcher button[name=workspace]")}
    assert sorted(menu.values()) == ["Acme", "Second"]
    assert post(owner, "/switch", workspace=people.console.made.workspace_id).status_code == 303
    assert "Acme" in page_of(owner, "/").find("h1").text  # type: ignore[union-attr]


@pytest.mark.parametrize("workspace", ["", "ws_none", "\x00"])
def test_other_peoples_workspaces_are_not_there(
    people: People, open_console: Callable[..., Console], workspace: str
) -> None:
    owner, other = people.owner(), open_console("Other")
    for each in (workspace, other.made.workspace_id):
        assert post(owner, "/switch", workspace=each).status_code == 404
    assert "Acme" in page_of(owner, "/").find("h1").text  # type: ignore[union-attr]


def test_who_is_in_no_workspace_makes_one(people: People) -> None:
    owner, made = people.owner(), people.console.made
    with people.console.database.write() as session:
        session.delete(session.get_one(WorkspaceMember, (made.workspace_id, made.user_id)))
    assert owner.get("/").location == "/welcome"
    assert "Welcome" in page_of(owner, "/welcome").text
    assert owner.get("/account").status_code == 200
    assert post(owner, "/welcome", name="  Mine ").status_code == 303
    assert "Mine" in page_of(owner, "/").text
    with people.console.database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "workspace.created")).one()
    assert entry.actor_id == made.user_id


@pytest.mark.parametrize("name", ["", "   ", "\x00", "x" * 201])
def test_a_name_that_cannot_be_is_said_beside_the_field(people: People, name: str) -> None:
    answer = post(people.owner(), "/welcome", name=name)
    assert answer.status_code == 422
    field = BeautifulSoup(answer.text, "html.parser").select_one("input[name=name]")
    assert field is not None
    assert field["aria-describedby"] == "problem"


@pytest.mark.parametrize("role", ["admin", "member", "viewer"])
def test_only_owners_make_further_workspaces(people: People, role: str) -> None:
    browser = people.member(role)
    assert "/welcome" not in browser.get("/account").text
    for answer in (browser.get("/welcome"), post(browser, "/welcome", name="Mine")):
        assert answer.status_code == 403
    assert len(members(people)) == 2


def test_whoever_loses_their_place_sees_nothing_more(people: People) -> None:
    member = people.member("member")
    assert member.get("/").status_code == 200
    with people.console.database.write() as session:
        session.execute(update(WorkspaceMember).where(WorkspaceMember.role == "member").values(role="viewer"))
    assert member.get("/").status_code == 200
    with people.console.database.write() as session:
        session.query(WorkspaceMember).filter(WorkspaceMember.role == "viewer").delete()
    assert member.get("/").location == "/welcome"
    assert post(member, "/switch", workspace=people.console.made.workspace_id).status_code == 404
