"""The stream: every change once it can be seen, in order, and never more streams than there are threads to spare."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import update

from db import Database, Signal
from tests.conftest import NOW, StillClock
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import add_signal
from web.api import following
from web.api.following import Follower
from web.api.stream import Pace, Streams, allow_streams, tell
from web.paging import Position, decode_cursor, encode_cursor


class Clockwork:
    """Seconds that pass while a stream waits; each wait does the next of the things to happen."""

    def __init__(self, *happenings: Any) -> None:
        self.seconds, self.happenings = 0.0, list(happenings)

    def wait(self, seconds: float) -> None:
        self.seconds += seconds
        if self.happenings:
            self.happenings.pop(0)()

    def pace(self, **values: float) -> Pace:
        return Pace(wait=self.wait, now=lambda: self.seconds, **values)


@pytest.fixture
def follow(database: Database, alice: Tenant, clock: StillClock) -> Any:
    def following_from(start: Position | None = None) -> Follower:
        follower = Follower(database, alice.workspace_id, clock, start)
        follower.begin()
        return follower

    return following_from


def captured(database: Database, tenant: Tenant, at: datetime, ref: str) -> str:
    return add_signal(database, tenant.workspace_id, ref, created_at=at, updated_at=at)


def change(database: Database, signal_id: str, at: datetime, **values: Any) -> None:
    with database.write() as session:
        session.execute(update(Signal).where(Signal.id == signal_id).values(updated_at=at, **values))


def told(follower: Follower) -> list[tuple[str, str]]:
    return [(news.kind, news.signal.source_ref) for news in follower.news()]


def test_what_happens_is_told_once_and_in_order(
    database: Database, alice: Tenant, bob: Tenant, clock: StillClock, follow: Any
) -> None:
    before = captured(database, alice, NOW, "before")
    follower = follow()
    captured(database, bob, NOW, "foreign")
    captured(database, alice, clock.advance(seconds=1), "a")
    b = captured(database, alice, clock.advance(seconds=1), "b")
    assert told(follower) == [("created", "a"), ("created", "b")]
    assert told(follower) == []
    change(database, before, clock.advance(seconds=1), status="reviewed")
    change(database, b, clock.advance(seconds=1), deleted_at=clock())
    assert told(follower) == [("updated", "before"), ("deleted", "b")]
    clock.advance(minutes=1)
    change(database, before, clock(), status="archived")
    assert told(follower) == [("updated", "before")]


def test_a_change_that_is_committed_late_is_told(
    database: Database, alice: Tenant, clock: StillClock, follow: Any
) -> None:
    """Its time is older than what was told already."""
    follower = follow()
    captured(database, alice, clock.advance(seconds=5), "swift")
    assert told(follower) == [("created", "swift")]
    captured(database, alice, NOW, "slow")
    assert told(follower) == [("created", "slow")]
    assert told(follower) == []


def test_it_goes_on_where_it_ended(database: Database, alice: Tenant, clock: StillClock, follow: Any) -> None:
    first = follow()
    captured(database, alice, clock.advance(seconds=1), "a")
    [seen] = first.news()
    missed = captured(database, alice, clock.advance(minutes=10), "b")
    change(database, missed, clock.advance(minutes=10), status="reviewed")
    clock.advance(minutes=10)
    assert told(follow(seen.change)) == [("created", "b")]


def test_far_behind_it_catches_up_in_batches(
    database: Database, alice: Tenant, clock: StillClock, follow: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "BATCH", 2)
    refs = [f"C1:{number}" for number in range(5)]
    for ref in refs:
        captured(database, alice, NOW, ref)
    clock.advance(hours=1)
    follower, seen = follow((NOW, "0")), []
    for is_behind in (True, True, False):
        seen += [ref for _, ref in told(follower)]
        assert follower.is_behind is is_behind
    assert sorted(seen) == refs


def test_the_text_is_server_sent_events(database: Database, alice: Tenant, clock: StillClock) -> None:
    work = Clockwork(lambda: captured(database, alice, clock.advance(seconds=1), "a\nb"))
    follower = Follower(database, alice.workspace_id, clock, None)
    pieces = list(tell(follower, work.pace(life=2)))
    assert pieces[0] == f"retry: 1000\nid: {encode_cursor((NOW, '0'))}\n\n"
    assert pieces[1] == pieces[3] == ""
    identity, event, data = pieces[2].removesuffix("\n\n").split("\n")
    assert event == "event: signal.created"
    shown = json.loads(data.removeprefix("data: "))
    assert shown["source_ref"] == "a\nb"
    assert decode_cursor(identity.removeprefix("id: ")) == (clock(), shown["id"])


def test_it_breathes_and_ends_after_a_minute(database: Database, alice: Tenant, clock: StillClock) -> None:
    work = Clockwork()
    pieces = list(tell(Follower(database, alice.workspace_id, clock, None), work.pace()))
    assert [piece for piece in pieces[1:] if piece] == [": nothing new\n\n"] * 4
    assert pieces.count("") == 61
    assert work.seconds == 60


def test_a_database_that_goes_away_ends_it_quietly(database: Database, alice: Tenant, clock: StillClock) -> None:
    def go_away() -> None:
        with database.write() as session:
            session.connection().exec_driver_sql("ALTER TABLE signals RENAME TO gone")

    pieces = list(tell(Follower(database, alice.workspace_id, clock, None), Clockwork(go_away).pace()))
    assert len(pieces) == 2


def test_only_so_many_are_open_at_once(app: APIFlask, api: Api) -> None:
    allow_streams(app, Streams(Pace(life=0), most=2))
    first, second = api.get("/signals/stream"), api.get("/signals/stream")
    refused = api.get("/signals/stream")
    assert (first.mimetype, refused.status_code, refused.get_json()["code"]) == (
        "text/event-stream",
        503,
        "stream_limit_reached",
    )
    assert refused.headers["Retry-After"] == "15"
    next(iter_of(first))
    first.close()
    third = api.get("/signals/stream")
    assert third.status_code == 200
    second.close()
    second.close()
    third.close()
    answers = [api.get("/signals/stream") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 503]
    assert "retry:" in answers[0].text
    assert api.get("/signals/stream").status_code == 200


def test_a_head_request_takes_no_place(app: APIFlask, api: Api) -> None:
    allow_streams(app, Streams(Pace(life=0), most=1))
    for _ in range(3):
        assert api.call("HEAD", "/signals/stream").status_code == 200
    assert api.get("/signals/stream").status_code == 200


def test_a_place_that_is_none_is_refused(api: Api) -> None:
    for given in ("nonsense", "\x7f", "MjAyNg"):
        answer = api.call("GET", "/signals/stream", headers={"Last-Event-ID": given})
        assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "Last-Event-ID"), given
    for start in (encode_cursor((NOW, "0")), encode_cursor((datetime.min.replace(tzinfo=NOW.tzinfo), "sig_0")), ""):
        answer = api.call("GET", "/signals/stream", headers={"Last-Event-ID": start})
        assert (answer.status_code, answer.text.count("retry:")) == (200, 1), start


def iter_of(answer: Any) -> Iterator[bytes]:
    return iter(answer.response)
