from collections.abc import Callable

import pytest
from sqlalchemy import update

from db import WorkspaceMember
from tests.web.console.conftest import Console

Open = Callable[..., Console]


def test_a_link_leads_to_the_console_once(open_console: Open) -> None:
    acme = open_console()
    answer = acme.browser.get(acme.link())
    assert (answer.status_code, answer.location) == (303, "/")
    assert "Acme" in acme.page().text
    again = acme.app.test_client().get(acme.link())
    assert again.status_code == 410
    assert "signalbox bootstrap" in again.text


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"Purpose": "prefetch"}],
)
def test_fetching_ahead_does_not_use_the_link(open_console: Open, headers: dict[str, str]) -> None:
    acme = open_console()
    ahead = acme.browser.get(acme.link(), headers=headers)
    assert ahead.status_code == 403
    assert "Set-Cookie" not in ahead.headers
    assert "Set-Cookie" not in acme.browser.head(acme.link()).headers
    assert acme.browser.get(acme.link()).status_code == 303


def test_an_expired_link_says_so(open_console: Open) -> None:
    acme = open_console()
    acme.clock.advance(hours=24)
    answer = acme.browser.get(acme.link())
    assert answer.status_code == 410
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("token", ["x", "%00", "%FF%FE", "a" * 5000, "..", "%F0%9F%9A%A6"])
def test_garbage_links_open_nothing(open_console: Open, token: str) -> None:
    answer = open_console().browser.get(f"/sign-in/link/{token}")
    assert answer.status_code in (404, 410)


@pytest.mark.parametrize(("public_url", "secure"), [("http://localhost", False), ("https://localhost", True)])
def test_the_cookie_is_out_of_reach(open_console: Open, public_url: str, secure: bool) -> None:
    acme = open_console(public_url=public_url)
    cookie = acme.browser.get(acme.link()).headers["Set-Cookie"]
    assert cookie.startswith("signalbox_session=")
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
    assert ("Secure" in cookie.split("; ")) is secure


@pytest.mark.parametrize("path", ["/", "/signals/new", "/signals/sig_1"])
def test_strangers_are_sent_to_the_sign_in_page(open_console: Open, path: str) -> None:
    acme = open_console()
    for cookie in ("", "nonsense", "\x00", "ü"):
        acme.browser.set_cookie("signalbox_session", cookie)
        answer = acme.browser.get(path)
        assert answer.status_code == 303
        assert answer.location in ("/sign-in", f"/sign-in?next={path}")
    assert "signalbox bootstrap" in acme.browser.get("/sign-in").text


def test_who_is_signed_in_needs_no_sign_in_page(console: Console) -> None:
    assert console.browser.get("/sign-in").location == "/"


def test_sessions_end(console: Console) -> None:
    console.clock.advance(days=6)
    console.page()
    console.clock.advance(days=7)
    assert console.browser.get("/").location == "/sign-in"


def test_signing_out_ends_the_session_everywhere(console: Console) -> None:
    stolen = console.browser.get_cookie("signalbox_session")
    assert stolen is not None
    field = console.page().select_one("input[name=csrf_token]")
    assert field is not None
    answer = console.browser.post("/sign-out", data={"csrf_token": field["value"]})
    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert console.browser.get_cookie("signalbox_session") is None
    thief = console.app.test_client()
    thief.set_cookie("signalbox_session", stolen.value)
    assert thief.get("/").location == "/sign-in"


def test_a_member_of_nothing_may_begin(console: Console) -> None:
    with console.database.write() as session:
        session.delete(session.get_one(WorkspaceMember, (console.made.workspace_id, console.made.user_id)))
    answer = console.browser.get("/")
    assert (answer.status_code, answer.location) == (303, "/welcome")


def test_only_admins_are_offered_to_add_slack(console: Console) -> None:
    address = f"/slack/install?workspace={console.made.workspace_id}"
    assert console.page().find("a", href=address)
    with console.database.write() as session:
        session.execute(update(WorkspaceMember).values(role="member"))
    assert not console.page().find("a", href=address)
