"""A console over both databases: two workspaces, each with its owner's browser, and signals to show."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from core.digests import Digester
from core.settings import Settings
from db import Database, Signal
from integrations.slack.retelling import reteller
from integrations.slack.scopes import FEATURES
from oauth.bootstrap import Bootstrapped, bootstrap
from tests.conftest import StillClock
from tests.web.apps import like
from web.compression import register_compression
from web.console.registering import register_console
from web.errors import register_errors
from web.security import register_security
from web.services import Services, attach

MakeApp = Callable[..., Flask]


@dataclass
class Console:
    """One workspace, and its owner's browser once signed in."""

    app: Flask
    database: Database
    clock: StillClock
    made: Bootstrapped
    browser: FlaskClient

    def link(self) -> str:
        return self.made.sign_in_url.removeprefix(self.app.config["PUBLIC_URL"])

    def sign_in(self) -> "Console":
        assert self.browser.get(self.link()).status_code == 303
        return self

    def page(self, path: str = "/") -> BeautifulSoup:
        answer = self.browser.get(path)
        assert answer.status_code == 200
        return BeautifulSoup(answer.text, "html.parser")

    def add_signal(self, ref: str = "C1:1.0", **values: Any) -> Signal:
        now = self.clock()
        fields = {
            "workspace_id": self.made.workspace_id, "source": "slack", "source_ref": ref, "source_version": "1",
            "verbatim": f"words of {ref}", "occurred_at": now, "created_at": now, "updated_at": now,
        } | values  # fmt: skip
        with self.database.write() as session:
            signal = Signal(**fields)
            session.add(signal)
        return signal


def register() -> Flask:
    """An application with the console's routes, which nobody serves yet."""
    app = Flask("console", static_folder=None)
    register_compression(app)
    register_errors(app)
    register_security(app)
    register_console(app)
    return app


registered = cache(register)


@pytest.fixture
def make_app(database: Database, digester: Digester, clock: StillClock) -> MakeApp:
    def make(public_url: str, *, has_routes_of_its_own: bool = False) -> Flask:
        app = register() if has_routes_of_its_own else like(registered())
        app.config["PUBLIC_URL"] = public_url
        parts = SimpleNamespace(
            settings=Settings(public_url=public_url),
            database=database,
            digester=digester,
            clock=clock,
            slack_features=FEATURES,
            retellers={"slack": reteller()},
        )
        attach(app, cast("Services", parts))
        return app

    return make


@pytest.fixture
def open_console(
    make_app: MakeApp, database: Database, digester: Digester, clock: StillClock
) -> Callable[..., Console]:
    def opening(name: str = "Acme", public_url: str = "http://localhost", **options: bool) -> Console:
        app = make_app(public_url, **options)
        email = f"owner@{name.lower()}.example"
        made = bootstrap(database, digester, name=name, email=email, now=clock(), public_url=public_url)
        return Console(app, database, clock, made, app.test_client())

    return opening


@pytest.fixture
def console(open_console: Callable[..., Console]) -> Console:
    """Acme's, signed in."""
    return open_console().sign_in()
