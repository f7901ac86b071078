from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.datastructures import Headers

from tests.web.console.conftest import Console
from web.session import Visitor, require_role

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


@pytest.mark.parametrize("path", ["/", "/sign-in", "/signals/new", "/signals/none", "/nowhere", "/assets/tokens.css"])
def test_every_response_is_guarded(console: Console, path: str) -> None:
    headers = headers_of(console, path)
    assert headers["Content-Security-Policy"] == POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "Strict-Transport-Security" not in headers


def test_with_tls_browsers_are_told_to_insist_on_it(open_console: Callable[..., Console]) -> None:
    headers = open_console(public_url="https://localhost").browser.get("/sign-in").headers
    assert headers["Strict-Transport-Security"].startswith("max-age=")


def test_pages_are_not_kept_but_assets_are(console: Console) -> None:
    assert headers_of(console, "/")["Cache-Control"] == "no-store"
    style = console.page().select_one("link[rel=stylesheet]")
    assert style is not None
    assert headers_of(console, str(style["href"]))["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers_of(console, "/assets/tokens.css")["Cache-Control"] == "no-cache"
    assert "immutable" not in headers_of(console, "/assets/none.css?v=1")["Cache-Control"]


def test_a_response_may_bring_its_own_policy(open_console: Callable[..., Console]) -> None:
    console = open_console(has_routes_of_its_own=True)
    console.app.add_url_rule("/own", view_func=lambda: ("", {"Content-Security-Policy": "sandbox"}))
    assert console.browser.get("/own").headers.getlist("Content-Security-Policy") == ["sandbox"]


def test_pages_need_no_inline_code(console: Console) -> None:
    console.add_signal()
    page = console.page()
    assert not page.find_all("style")
    assert not page.find_all(style=True)
    assert all(script.get("src") and not script.string for script in page.find_all("script"))
    assert not [name for tag in page.find_all() for name in tag.attrs if name.startswith("on")]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:81"},
    ],
)
def test_another_site_changes_nothing_even_with_the_token(console: Console, headers: dict[str, str]) -> None:
    answer = console.browser.post("/sign-out", data={"csrf_token": token_of(console)}, headers=headers)
    assert answer.status_code == 403
    assert "another site" in answer.text
    console.page()


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "null"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}]
)
@pytest.mark.parametrize("token", ["", "wrong", "ü"])
def test_without_the_sessions_token_nothing_changes(console: Console, headers: dict[str, str], token: str) -> None:
    assert console.browser.post("/sign-out", data={"csrf_token": token}, headers=headers).status_code == 403
    console.page()


def test_the_token_is_the_sessions_own(console: Console, open_console: Callable[..., Console]) -> None:
    other = open_console("Other").sign_in()
    assert console.browser.post("/sign-out", data={"csrf_token": token_of(other)}).status_code == 403


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "null"}, {"Origin": "http://localhost"}, {"Sec-Fetch-Site": "same-origin"}]
)
def test_our_own_forms_go_through(console: Console, headers: dict[str, str]) -> None:
    answer = console.browser.post("/sign-out", data={"csrf_token": token_of(console)}, headers=headers)
    assert answer.status_code == 303


@pytest.mark.parametrize("path", ["/api/v1/thing", "/slack/events", "/webhooks/signals"])
def test_routes_without_cookies_are_exempt(open_console: Callable[..., Console], path: str) -> None:
    console = open_console(has_routes_of_its_own=True)
    console.app.add_url_rule(path, view_func=lambda: "done", methods=["POST"])
    console.sign_in()
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert console.browser.post(path, headers=headers).text == "done"


def test_roles_open_doors(open_console: Callable[..., Console]) -> None:
    console = open_console(has_routes_of_its_own=True)
    add_view(console.app, "/owners", require_role("owner")(greet))
    add_view(console.app, "/viewers", require_role("viewer")(greet))
    console.sign_in()
    assert console.browser.get("/owners").text == "owner"
    assert console.browser.get("/viewers").status_code == 403


def greet(visitor: Visitor) -> str:
    return visitor.role


def add_view(app: Flask, path: str, view: Callable[[], object]) -> None:
    app.add_url_rule(path, endpoint=path, view_func=view)  # type: ignore[arg-type]  # only its answer matters here


def headers_of(console: Console, path: str) -> Headers:
    with console.browser.get(path) as answer:
        return answer.headers


def token_of(console: Console) -> str:
    field = console.page().select_one("input[name=csrf_token]")
    assert field is not None
    return str(field["value"])
