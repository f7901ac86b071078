"""Every route of the console against every role: what is not open to a role answers 403, whatever is sent to it."""

from collections.abc import Callable, Iterator
from typing import get_args

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter, Rule
from werkzeug.routing.converters import NumberConverter

from core.digests import Digester
from db import Database, Role, WorkspaceMember
from oauth.sessions import open_session
from tests.web.console.conftest import Console

ROLES: tuple[Role, ...] = get_args(Role)
OPEN_TO_STRANGERS = {
    "console.static", "console.vendored", "sign_in.explain", "sign_in.follow_link", "sign_in.sign_out",
    "openid.depart", "openid.arrive", "invitations.show", "invitations.accept",
}  # fmt: skip
"""Every one of these proves by other means who comes, or shows nothing that is anybody's. Nothing else is open."""


def guarded(app: Flask) -> Iterator[tuple[Rule, frozenset[Role] | None]]:
    """Every route of the console's blueprints with whom it says it admits."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint not in OPEN_TO_STRANGERS:
            yield rule, getattr(app.view_functions[rule.endpoint], "opens_to", frozenset())


def test_every_route_is_guarded_in_the_one_place(open_console: Callable[..., Console]) -> None:
    unguarded = [rule.endpoint for rule, roles in guarded(open_console().app) if roles == frozenset()]
    assert unguarded == []


def test_only_the_persons_own_pages_ask_for_no_role(open_console: Callable[..., Console]) -> None:
    own = {rule.endpoint for rule, roles in guarded(open_console().app) if roles is None}
    assert {endpoint.partition(".")[0] for endpoint in own} == {"account"}


def test_strangers_are_sent_to_sign_in_everywhere(open_console: Callable[..., Console]) -> None:
    console = open_console()
    for rule, _ in guarded(console.app):
        for method, path in requests_to(console.app, rule):
            answer = console.app.test_client().open(path, method=method)
            assert answer.status_code == 303, (method, path)
            assert answer.location.startswith("/sign-in"), (method, path)


@pytest.mark.parametrize("role", ROLES)
def test_a_role_enters_what_is_open_to_it_and_nothing_else(
    open_console: Callable[..., Console], digester: Digester, role: Role
) -> None:
    console = open_console()
    for rule, roles in guarded(console.app):
        for method, path in requests_to(console.app, rule) if roles is not None and role not in roles else ():
            browser = signed_in(console, digester, role)
            answer = browser.open(path, method=method, data={"csrf_token": token_of(browser)})
            assert answer.status_code == 403, (method, path, role)
            assert "This is for the roles" in answer.text
        for path in [rule.rule] if roles and role in roles and is_page(rule) else ():
            assert signed_in(console, digester, role).get(path).status_code not in (401, 403), (path, role)


def is_page(rule: Rule) -> bool:
    return "GET" in (rule.methods or ()) and not rule.arguments


def requests_to(app: Flask, rule: Rule) -> Iterator[tuple[str, str]]:
    """Each method of the route, at an address where nothing is."""
    with app.test_request_context():
        names = {name: fitting(rule, name) for name in rule.arguments}
        built = app.url_map.bind("localhost").build(rule.endpoint, names)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, built


def fitting(rule: Rule, name: str) -> str | int:
    """A value that the route takes."""
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return 1 if isinstance(converter, NumberConverter) else "none"


def signed_in(console: Console, digester: Digester, role: Role) -> FlaskClient:
    """The owner's browser with another role, and a session of its own each time."""
    with console.database.write() as session:
        session.get_one(WorkspaceMember, (console.made.workspace_id, console.made.user_id)).role = role
        cookie = open_session(
            session,
            digester,
            user_id=console.made.user_id,
            workspace_id=console.made.workspace_id,
            now=console.clock(),
        )
    browser = console.app.test_client()
    browser.set_cookie("signalbox_session", cookie)
    return browser


def token_of(browser: FlaskClient) -> str:
    text = browser.get("/account").text
    return text.split('name="csrf_token" value="')[1].split('"')[0]


def test_the_test_can_fail(database: Database) -> None:
    app = Flask("bare")
    app.add_url_rule("/bare", view_func=lambda: "", endpoint="bare")
    assert [rule.endpoint for rule, roles in guarded(app) if roles == frozenset()] == ["static", "bare"]
