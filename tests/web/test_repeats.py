"""Deliveries that repeat: while the first still waits they add nothing; once it is worked on, each is its own event."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import update

from core.digests import Digester
from db import Database, Event, Integration, Workspace
from integrations.pylon.adapter import ADAPTER
from tests.conftest import StillClock
from tests.web.whole import whole_web
from web.ingress.repeats import WINDOW
from web.services import attach, services

BODY = b'{"event": "message.created", "issue_id": "2f1c"}'


class Door:
    def __init__(self, app: APIFlask, database: Database, digester: Digester) -> None:
        self.app, self.database = app, database
        self.paths = [self._connect(digester, name) for name in ("one", "two")]

    def _connect(self, digester: Digester, name: str) -> str:
        key = digester.issue("ingest_key")
        with self.database.write() as session:
            workspace = Workspace(name=name, slug=name)
            session.add(workspace)
            session.flush()
            row: dict[str, Any] = {"header_name": "X-Secret", "header_secret": "tok"}
            session.add(Integration(
                workspace_id=workspace.id, platform="pylon", name=name, ingest_key_digest=key.digest, **row
            ))  # fmt: skip
        return f"/webhooks/pylon/{key.token}"

    def send(self, body: bytes = BODY, door: int = 0, token: str = "tok") -> int:
        answer = self.app.test_client().post(self.paths[door], data=body, headers={"X-Secret": token})
        return answer.status_code

    def stored(self) -> int:
        with self.database.read() as session:
            return session.query(Event).count()

    def change(self, **values: Any) -> None:
        with self.database.write() as session:
            session.execute(update(Event).values(**values))


@pytest.fixture
def door(database: Database, digester: Digester, clock: StillClock) -> Door:
    app = whole_web(database, digester, clock)
    with app.app_context():
        attach(app, replace(services(), adapters={"pylon": ADAPTER}))
    return Door(app, database, digester)


def test_repeats_of_what_still_waits_add_nothing(door: Door) -> None:
    assert [door.send() for _ in range(20)] == [200] * 20
    assert door.stored() == 1


@pytest.mark.parametrize("values", [{"lease_token": "lea_1"}, {"state": "processed"}, {"state": "failed"}])
def test_a_repeat_of_what_is_worked_on_is_an_event_of_its_own(door: Door, values: dict[str, str]) -> None:
    door.send()
    door.change(**values)
    assert door.send() == 200
    assert door.stored() == 2


def test_other_words_other_doors_and_later_times_are_events_of_their_own(door: Door, clock: StillClock) -> None:
    for body, number in ((BODY, 0), (BODY + b" ", 0), (BODY, 1)):
        assert door.send(body, number) == 200
    assert door.stored() == 3
    clock.advance(seconds=WINDOW.total_seconds())
    door.send()
    assert door.stored() == 4
    assert timedelta(seconds=30) == WINDOW


def test_only_the_authentic_are_repeats(door: Door) -> None:
    door.send()
    assert door.send(token="wrong") == 401
    assert door.stored() == 1
