"""The rooms for admins, with all the parts that their acts need, and people of every role."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

import pytest
from bs4 import BeautifulSoup
from werkzeug.test import TestResponse

from core.adapter import Adapter, LookupClient
from core.digests import Digester
from db import Database, Role, User, WorkspaceMember
from integrations import offers
from integrations.pylon.inspection import inspector
from oauth.sessions import open_session
from tests.conftest import MemoryPauses, StillClock
from tests.web.api.conftest import Organisations, Platform
from tests.web.console.conftest import Console
from web.services import Services, attach
from web.session import COOKIE

DOORS = {"pylon": "ingest_key", "slack": "slack_app", "webhook": "webhook_key"}


class Rooms(Console):
    """A console whose forms are sent as a browser sends them."""

    def submit(self, path: str, *, token: str | None = None, **fields: str | list[str]) -> TestResponse:
        data = {"csrf_token": self.csrf() if token is None else token, **fields}
        return self.browser.post(path, data=data)

    def csrf(self) -> str:
        field = self.page("/").select_one("input[name=csrf_token]")
        assert field is not None
        return str(field["value"])

    def text(self, path: str) -> str:
        return " ".join(self.page(path).get_text(" ").split())

    def as_role(self, role: Role, digester: Digester) -> "Rooms":
        """The browser of another person of this workspace."""
        browser = self.app.test_client()
        with self.database.write() as session:
            user = User(email=f"{role}@example.com", name=role.title())
            session.add(user)
            session.flush()
            session.add(WorkspaceMember(workspace_id=self.made.workspace_id, user_id=user.id, role=role))
            workspace_id, now = self.made.workspace_id, self.clock()
            cookie = open_session(session, digester, user_id=user.id, workspace_id=workspace_id, now=now)
        browser.set_cookie(COOKIE, cookie)
        return replace(self, browser=browser)


def secrets_on(answer: TestResponse) -> list[str]:
    """What a page shows once."""
    assert answer.status_code == 200, answer.status_code
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Location" not in answer.headers
    assert "Set-Cookie" not in answer.headers
    return [code.text for code in BeautifulSoup(answer.text, "html.parser").select(".secrets code")]


@pytest.fixture
def woken() -> list[str]:
    return []


@pytest.fixture
def open_rooms(open_console: Callable[..., Console], woken: list[str]) -> Callable[..., Rooms]:
    def opening(name: str = "Acme") -> Rooms:
        made = open_console(name)
        present = vars(cast("SimpleNamespace", made.app.extensions["signalbox"]))
        parts = SimpleNamespace(
            **present,
            adapters={name: cast("Adapter", Platform(name, door)) for name, door in DOORS.items()},
            lookups={"pylon": cast("LookupClient", Organisations())},
            historians=offers({}, MemoryPauses()).history,
            books={},
            access=None,
            inspectors={"pylon": inspector()},
            wake=woken.append,
        )
        attach(made.app, cast("Services", parts))
        rooms = Rooms(made.app, made.database, made.clock, made.made, made.browser)
        rooms.sign_in()
        return rooms

    return opening


@pytest.fixture
def rooms(open_rooms: Callable[..., Rooms], database: Database, clock: StillClock) -> Rooms:
    """Acme's, with its owner signed in."""
    return open_rooms()
