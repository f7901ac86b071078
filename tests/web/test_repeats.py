"""Deliveries that repeat: while the first still waits they add nothing; once it is worked on, each is its own event."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from core.digests import Digester
from db import Database, Event, Integration, Workspace
from integrations.pylon.adapter import ADAPTER
from pipeline.claim import claim_due, lease_out
from tests.conftest import StillClock
from tests.web.whole import whole_web
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
            row: dict[str, Any] = {"header_name": "X-Secret", "header_secret": "tok", "access_token": "pylon-token"}
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

    def lose_tokens(self) -> None:
        with self.database.write() as session:
            for row in session.scalars(select(Integration)):
                row.access_token = None


@pytest.fixture
def door(database: Database, digester: Digester, clock: StillClock) -> Door:
    app = whole_web(database, digester, clock)
    with app.app_context():
        attach(app, replace(services(), adapters={"pylon": ADAPTER}))
    return Door(app, database, digester)


def test_repeats_of_what_still_waits_add_nothing(door: Door) -> None:
    assert [door.send() for _ in range(20)] == [200] * 20
    assert door.stored() == 1


def test_forty_at_the_same_moment_are_one(door: Door) -> None:
    with ThreadPoolExecutor(10) as crowd:
        assert list(crowd.map(lambda _: door.send(), range(40))) == [200] * 40
    assert door.stored() == 1


def test_a_repeat_of_what_was_taken_up_is_an_event_of_its_own(door: Door, clock: StillClock) -> None:
    door.send()
    with door.database.write() as session:
        ids = [event.id for event in claim_due(session, "decide", clock(), limit=10)]
        lease_out(session, ids, clock())
    assert [door.send(), door.send()] == [200, 200]
    assert door.stored() == 2


def test_other_words_and_other_doors_are_events_of_their_own(door: Door) -> None:
    for body, number in ((BODY, 0), (BODY + b" ", 0), (BODY, 1)):
        assert door.send(body, number) == 200
    assert door.stored() == 3


@pytest.mark.parametrize("body", [BODY, b'{"issue_id": "2f1c", "status": "closed"}'])
def test_without_a_token_a_body_is_all_there_is(door: Door, body: bytes) -> None:
    door.lose_tokens()
    assert [door.send(body) for _ in range(3)] == [200] * 3
    assert door.stored() == 3


def test_what_names_no_issue_is_never_left_out(door: Door) -> None:
    assert [door.send(b'{"event": "issue.updated"}') for _ in range(3)] == [200] * 3
    assert door.stored() == 3


def test_only_the_authentic_are_repeats(door: Door) -> None:
    door.send()
    assert door.send(token="wrong") == 401
    assert door.stored() == 1
