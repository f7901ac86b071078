"""Every route of the whole application against a rule: a new route without one fails here.

Whom a console view admits and which scope an API view needs stands in one place each (`web.session`, `web.auth`);
these tables say what was decided, so that a change of it is seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from werkzeug.routing import AnyConverter, Rule
from werkzeug.routing.converters import NumberConverter
from werkzeug.test import TestResponse

from core.digests import Digester
from db import Database, Role, Scope, WorkspaceMember
from oauth.bootstrap import Bootstrapped, bootstrap
from tests.conftest import StillClock
from tests.web.whole import whole_web
from web.auth import RANK, SCOPE_OF_ROLE, needed_scope

ADMINS, EDITORS, EVERYBODY = frozenset({"owner", "admin"}), {"owner", "admin", "member"}, set(get_args(Role))
PERSONAL = "account."
PROVES_OTHERWISE = {
    "slack_ingress", "keyed_ingress", "generic_ingress", "health", "metrics", "openapi", "api_docs", "slack_install",
    "sign_in", "openid", "invitations",
}  # fmt: skip
"""Blueprints whose callers prove themselves by signature, key, token, link or provider, or that show nothing of
anybody's."""
ASSETS = {"console.static", "console.vendored"}
WITHOUT_COOKIES = {"api", "slack_ingress", "keyed_ingress", "generic_ingress"}
EDITING = {
    "console.save_view", "console.delete_view", "console.set_status", "console.change_signal",
    "console.join_conversation", "console.part_conversation",
}  # fmt: skip
WRITING = {
    "api.change_signal", "api.change_many_signals", "api.replay_event", "api.replay_many_events",
    "api.create_saved_view", "api.delete_saved_view", "api.join_conversation", "api.part_conversation",
}  # fmt: skip
ADMIN_READS = {
    "api.list_api_tokens", "api.list_invitations", "api.list_audit_entries", "api.list_slack_apps",
    "api.show_slack_app", "api.show_slack_app_manifest",
}  # fmt: skip


@pytest.fixture
def app(database: Database, digester: Digester, clock: StillClock) -> APIFlask:
    return whole_web(database, digester, clock)


@dataclass
class Somebody:
    """A person with a browser and an admin token, whose role can be changed."""

    app: APIFlask
    database: Database
    made: Bootstrapped
    browser: FlaskClient

    def become(self, role: Role) -> None:
        with self.database.write() as session:
            session.get_one(WorkspaceMember, (self.made.workspace_id, self.made.user_id)).role = role

    def csrf(self) -> str:
        return self.browser.get("/account").text.split('name="csrf_token" value="')[1].split('"')[0]

    def call(self, method: str, path: str) -> TestResponse:
        """By a program of theirs."""
        headers = {"Authorization": f"Bearer {self.made.api_token}"}
        return self.app.test_client().open(path, method=method, json={}, headers=headers)


@pytest.fixture
def somebody(app: APIFlask, database: Database, digester: Digester, clock: StillClock) -> Somebody:
    url = "http://localhost"
    made = bootstrap(database, digester, name="Acme", email="o@acme.example", now=clock(), public_url=url)
    browser = app.test_client()
    assert browser.get(made.sign_in_url.removeprefix(url)).status_code == 303
    return Somebody(app, database, made, browser)


def console_roles(endpoint: str) -> frozenset[str] | set[str]:
    if endpoint.startswith("admin."):
        return ADMINS
    return EDITORS if endpoint in EDITING else EVERYBODY


def api_scope(endpoint: str, method: str) -> Scope:
    if endpoint in WRITING:
        return "write"
    return "read" if method == "GET" and endpoint not in ADMIN_READS else "admin"


def rules(app: APIFlask) -> Iterator[tuple[Rule, str, str]]:
    """Every route and method, with the blueprint it belongs to."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield rule, method, rule.endpoint.partition(".")[0]


def address(app: APIFlask, rule: Rule) -> str:
    """Where nothing is."""
    values = {name: _fitting(rule, name) for name in rule.arguments}
    with app.test_request_context():
        return app.url_map.bind("localhost").build(rule.endpoint, values)


def _fitting(rule: Rule, name: str) -> str | int:
    converter = rule._converters[name]
    if isinstance(converter, AnyConverter):
        return min(converter.items)
    return 1 if isinstance(converter, NumberConverter) else "none"


def test_every_route_has_a_rule(app: APIFlask) -> None:
    unruled: list[tuple[str, str, str]] = []
    for rule, method, blueprint in rules(app):
        view = app.view_functions[rule.endpoint]
        if blueprint in PROVES_OTHERWISE or rule.endpoint in ASSETS:
            continue
        if blueprint == "api":
            if needed_scope(view, method) != api_scope(rule.endpoint, method):
                unruled.append((method, rule.rule, needed_scope(view, method)))
        elif rule.endpoint.startswith(PERSONAL):
            if getattr(view, "opens_to", ...) is not None:
                unruled.append((method, rule.rule, "a page about oneself asks for no role"))
        elif getattr(view, "opens_to", frozenset()) != console_roles(rule.endpoint):
            unruled.append((method, rule.rule, str(getattr(view, "opens_to", "nobody is asked"))))
    assert unruled == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("role", get_args(Role))
def test_every_route_refuses_every_other_role(somebody: Somebody, role: Role) -> None:
    """The console by the session's role, the API by the role of the token's maker."""
    somebody.become(role)
    csrf, refused = somebody.csrf(), 0
    for rule, method, blueprint in rules(somebody.app):
        path = address(somebody.app, rule)
        if blueprint == "api":
            answer = somebody.call(method, path)
            is_refused = RANK[api_scope(rule.endpoint, method)] > RANK[SCOPE_OF_ROLE[role]]
            told = answer.status_code == 403 and answer.get_json()["code"] == "role_insufficient"
            assert told == is_refused, (method, path, answer.status_code)
            refused += is_refused
        elif blueprint in ("admin", "console") and role not in console_roles(rule.endpoint):
            answer = somebody.browser.open(path, method=method, data={"csrf_token": csrf})
            assert (answer.status_code, "This is for the roles" in answer.text) == (403, True), (method, path)
            refused += 1
    assert (refused == 0) == (role in ADMINS)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("token", ["", "wrong"])
def test_no_form_is_taken_without_the_sessions_token(somebody: Somebody, token: str) -> None:
    tried = 0
    for rule, method, blueprint in rules(somebody.app):
        if method == "GET" or blueprint in WITHOUT_COOKIES:
            continue
        answer = somebody.browser.open(address(somebody.app, rule), method=method, data={"csrf_token": token})
        assert answer.status_code == 403, (method, rule.rule, answer.status_code)
        assert "out of date" in answer.text, (method, rule.rule)
        tried += 1
    assert tried >= 25
    assert somebody.browser.get("/account").status_code == 200, "still signed in"
