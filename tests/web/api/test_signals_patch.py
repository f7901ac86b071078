"""Changing what people decide about signals, without overwriting what somebody else decided in the meantime."""

from typing import Any

import pytest
from apiflask import APIFlask
from sqlalchemy import select

from core.errors import InvalidFields, NotFound
from core.ids import new_id
from db import AuditEntry, Database, Signal
from tests.conftest import NOW, StillClock
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import add_signal
from web.actions import Actor
from web.actions.signals import MOST_AT_ONCE, Link, SignalChanges, change_signals

EVERYTHING: dict[str, Any] = {
    "status": "linked", "interpretation": "They need exports by night.", "severity": "high", "frequency": "common",
    "user_segment": "Enterprise", "tags": ["export", "speed"],
    "links": [{"url": "https://example.com/1", "title": "One"}],
}  # fmt: skip


@pytest.fixture
def signal(database: Database, alice: Tenant) -> str:
    return add_signal(database, alice.workspace_id, created_at=NOW, updated_at=NOW)


def entries(database: Database) -> list[tuple[str, str | None, Any]]:
    with database.read() as session:
        rows = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    return [(row.action, row.target_id, row.details["fields"]) for row in rows]


def test_everything_that_people_decide_can_be_changed(
    api: Api, database: Database, clock: StillClock, signal: str
) -> None:
    clock.advance(minutes=5)
    answer = api.patch(f"/signals/{signal}", EVERYTHING)
    assert answer.status_code == 200, answer.text
    shown = answer.get_json()
    assert {name: shown[name] for name in EVERYTHING} == EVERYTHING
    assert shown["updated_at"] == "2026-11-20T10:05:00Z"
    assert shown["verbatim"] == "words"
    assert api.get(f"/signals/{signal}").get_json() == shown
    assert entries(database) == [("signal.changed", signal, sorted(EVERYTHING))]


def test_null_clears_and_what_is_not_sent_stays(api: Api, database: Database, clock: StillClock, signal: str) -> None:
    api.patch(f"/signals/{signal}", EVERYTHING)
    clock.advance(minutes=1)
    shown = api.patch(
        f"/signals/{signal}", {"severity": None, "tags": [" a ", "b", "a"], "status": "linked"}
    ).get_json()
    assert (shown["severity"], shown["tags"], shown["interpretation"]) == (
        None,
        ["a", "b"],
        EVERYTHING["interpretation"],
    )
    assert entries(database)[-1] == ("signal.changed", signal, ["severity", "tags"])


def test_a_change_that_changes_nothing_leaves_no_trace(
    api: Api, database: Database, clock: StillClock, signal: str
) -> None:
    before = api.get(f"/signals/{signal}")
    clock.advance(minutes=1)
    for body in ({}, {"status": "new", "tags": []}):
        assert api.patch(f"/signals/{signal}", body).get_json() == before.get_json()
    assert entries(database) == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"status": None}, "status"),
        ({"status": "gone"}, "status"),
        ({"severity": "huge"}, "severity"),
        ({"tags": ["  "]}, "tags.0"),
        ({"tags": ["t"] * 51}, "tags"),
        ({"links": [{"url": "javascript:alert(1)"}]}, "links.0.url"),
        ({"links": [{"url": "https://["}]}, "links.0.url"),
        ({"interpretation": "x" * 10_001}, "interpretation"),
        ({"verbatim": "They never said so."}, "verbatim"),
    ],
)
def test_what_cannot_be_accepted_is_named(api: Api, signal: str, body: dict[str, Any], field: str) -> None:
    answer = api.patch(f"/signals/{signal}", body)
    assert (answer.status_code, [error["field"] for error in answer.get_json()["errors"]]) == (422, [field])


def test_reading_tokens_change_nothing(api: Api, alice: Tenant, signal: str) -> None:
    assert Api(api.client, alice.tokens["read"]).patch(f"/signals/{signal}", {"status": "archived"}).status_code == 403
    assert Api(api.client, alice.tokens["write"]).patch(f"/signals/{signal}", {"status": "archived"}).status_code == 200


def test_only_the_state_that_was_read_is_changed(api: Api, clock: StillClock, signal: str) -> None:
    tag = api.get(f"/signals/{signal}").headers["ETag"]
    clock.advance(seconds=1)
    first = api.call("PATCH", f"/signals/{signal}", json={"status": "reviewed"}, headers={"If-Match": tag})
    late = api.call("PATCH", f"/signals/{signal}", json={"status": "archived"}, headers={"If-Match": tag})
    assert (first.status_code, late.status_code, late.get_json()["code"]) == (200, 412, "precondition_failed")
    assert api.get(f"/signals/{signal}").get_json()["status"] == "reviewed"
    again = {"If-Match": f'"other", {first.headers["ETag"]}'}
    assert api.call("PATCH", f"/signals/{signal}", json={"status": "archived"}, headers=again).status_code == 200


@pytest.mark.parametrize("given", ["", "W/{tag}", '"', "nonsense"])
def test_what_does_not_name_the_state_does_not_match(api: Api, signal: str, given: str) -> None:
    tag = api.get(f"/signals/{signal}").headers["ETag"]
    headers = {"If-Match": given.format(tag=tag)}
    assert api.call("PATCH", f"/signals/{signal}", json={"status": "archived"}, headers=headers).status_code == 412


def test_what_is_known_already_is_not_sent_again(api: Api, clock: StillClock, signal: str) -> None:
    tag = api.get(f"/signals/{signal}").headers["ETag"]
    for given in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        same = api.call("GET", f"/signals/{signal}", headers={"If-None-Match": given})
        assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", tag)
    clock.advance(seconds=1)
    changed = api.patch(f"/signals/{signal}", {"status": "archived"}).headers["ETag"]
    answer = api.call("GET", f"/signals/{signal}", headers={"If-None-Match": tag})
    assert (answer.status_code, answer.headers["ETag"]) == (200, changed)


def test_many_at_once_in_the_order_asked_for(
    app: APIFlask, database: Database, alice: Tenant, clock: StillClock
) -> None:
    ids = [add_signal(database, alice.workspace_id, ref) for ref in ("C1:1", "C1:2", "C1:3")]
    who = Actor(alice.workspace_id, alice.user_id)
    with app.app_context(), database.write() as session:
        changed = change_signals(session, who, [ids[2], ids[0], ids[2]], SignalChanges(status="reviewed"))
        assert [signal.id for signal in changed] == [ids[2], ids[0]]
    with database.read() as session:
        rows = session.scalars(select(Signal).order_by(Signal.source_ref)).all()
    assert [(row.status, row.updated_at == NOW) for row in rows] == [
        ("reviewed", True),
        ("new", False),
        ("reviewed", True),
    ]
    assert {target for _, target, _ in entries(database)} == {ids[0], ids[2]}


def test_one_unknown_id_stops_all_of_them(app: APIFlask, database: Database, alice: Tenant, bob: Tenant) -> None:
    mine, foreign = add_signal(database, alice.workspace_id), add_signal(database, bob.workspace_id)
    who = Actor(alice.workspace_id, alice.user_id)
    for other in (foreign, new_id("sig"), "sig_\x00", ""):
        with app.app_context(), pytest.raises(NotFound), database.write() as session:
            change_signals(session, who, [mine, other], SignalChanges(status="archived"))
    with app.app_context(), pytest.raises(InvalidFields), database.write() as session:
        change_signals(session, who, [str(number) for number in range(MOST_AT_ONCE + 1)], SignalChanges())
    with database.read() as session:
        assert session.get_one(Signal, mine).status == "new"


def test_the_console_is_refused_the_same_as_the_api(app: APIFlask, database: Database, alice: Tenant) -> None:
    mine, who = add_signal(database, alice.workspace_id), Actor(alice.workspace_id, None)
    bad = SignalChanges(
        status="gone",  # type: ignore[arg-type]  # as a form may send it
        user_segment="\x00",
        links=[Link("ftp://example.com")],
        tags=["x" * 101],
    )
    with app.app_context(), pytest.raises(InvalidFields) as refused, database.write() as session:
        change_signals(session, who, [mine], bad)
    assert {error.field for error in refused.value.errors} == {"status", "user_segment", "links", "tags"}
