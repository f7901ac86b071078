"""The processing step on real rows: what becomes a signal, in which order, and what a failure leaves behind."""

import itertools
from typing import Any

import pytest
from sqlalchemy import select, update

from core import tally
from db import CaptureMode, Event, Integration, SignalRevision, SlackApp, Workspace
from pipeline.receive import Stored
from pipeline.replay import replay
from tests.pipeline.conftest import CHANNEL, HOME, Line, deleted, edited, message

ORIGINAL = message("The export stops at 1,000 rows.")
EDIT = edited("The export stops at 10,000 rows.", "1795255260.000200")
SECOND_EDIT = edited("The CSV export stops at 10,000 rows.", "1795255260.000900")
DELETION = deleted("1795255300.000300")


def test_a_customers_message_becomes_a_signal(line: Line) -> None:
    stored = line.slack(ORIGINAL, "Ev1")
    line.run()
    (signal,) = line.signals()
    assert signal.verbatim == "The export stops at 1,000 rows."
    assert (signal.source, signal.source_scope, signal.source_ref) == ("slack", "", f"{CHANNEL}:1795255200.000100")
    assert (signal.author_external_id, signal.author_affiliation) == ("U0CUST", "external")
    assert signal.account_external_id == "T0CUSTOMER"
    assert signal.conversation_id
    assert line.receipt(stored.event_id) == ("captured", None)
    event = line.event(stored.event_id)
    assert (event.state, event.attempts, event.due_at, event.processed_at) == ("processed", 1, None, line.clock())


@pytest.mark.parametrize("order", list(itertools.permutations([ORIGINAL, EDIT, SECOND_EDIT])))
def test_any_order_of_edits_ends_at_the_newest(line: Line, order: tuple[dict[str, object], ...]) -> None:
    for number, event in enumerate(order):
        line.slack(event, f"Ev{number}")
        line.run()
    (signal,) = line.signals()
    assert signal.verbatim == "The CSV export stops at 10,000 rows."
    assert signal.deleted_at is None


@pytest.mark.parametrize("batched", [True, False], ids=["one batch", "one by one"])
@pytest.mark.parametrize("order", list(itertools.permutations([ORIGINAL, EDIT, DELETION])))
def test_any_order_with_a_deletion_ends_deleted(
    line: Line, order: tuple[dict[str, object], ...], batched: bool
) -> None:
    for number, event in enumerate(order):
        line.slack(event, f"Ev{number}")
        if not batched:
            line.run()
    line.run()
    (signal,) = line.signals()
    assert signal.deleted_at is not None


def test_a_late_original_meets_the_tombstone(line: Line) -> None:
    line.slack(DELETION, "Ev1")
    line.run()
    late = line.slack(ORIGINAL, "Ev2")
    line.run()
    (tombstone,) = line.signals()
    assert tombstone.verbatim == ""
    assert line.receipt(late.event_id) == ("superseded", "newer_version_stored")


def test_edits_leave_what_was_said_before(line: Line) -> None:
    for number, event in enumerate((ORIGINAL, EDIT, EDIT, SECOND_EDIT)):
        line.slack(event, f"Ev{number}")
        line.run()
    with line.database.read() as session:
        revisions = session.scalars(select(SignalRevision).order_by(SignalRevision.source_version)).all()
    assert [revision.verbatim for revision in revisions] == [
        "The export stops at 1,000 rows.", "The export stops at 10,000 rows.",
    ]  # fmt: skip


def test_what_people_decided_survives_an_edit(line: Line) -> None:
    line.slack(ORIGINAL, "Ev1")
    line.run()
    (signal,) = line.signals()
    with line.database.write() as session:
        row = session.get_one(type(signal), signal.id)
        row.status, row.severity, row.tags, row.interpretation = "reviewed", "high", ["export"], "Raise the limit"
    line.slack(EDIT, "Ev2")
    line.run()
    (after,) = line.signals()
    assert after.verbatim == "The export stops at 10,000 rows."
    assert (after.status, after.severity, after.tags, after.interpretation) == (
        "reviewed", "high", ["export"], "Raise the limit",
    )  # fmt: skip


def test_a_signal_follows_its_source_after_the_rules_changed(line: Line) -> None:
    line.slack(ORIGINAL, "Ev1")
    line.run()
    with line.database.write() as session:
        session.get_one(Integration, line.slack_integration_id).config = {"slack_capture": "asked"}
    edit = line.slack(EDIT, "Ev2")
    other = line.slack(edited("never captured", "1795255999.000100", ts="1795255111.000100"), "Ev3")
    line.run()
    (signal,) = line.signals()
    assert signal.verbatim == "The export stops at 10,000 rows."
    assert line.receipt(edit.event_id) == ("updated", None)
    assert line.receipt(other.event_id) == ("ignored", "only_when_asked")
    assert line.event(other.event_id).state == "ignored"


def test_a_thread_is_one_conversation(line: Line) -> None:
    line.slack(message("reply", "1795255201.000100", thread_ts="1795255200.000100"), "Ev2")
    line.run()
    line.slack(ORIGINAL, "Ev1")
    line.slack(message("other", "1795255202.000100"), "Ev3")
    line.run()
    reply, root, other = line.signals()
    assert reply.conversation_id == root.conversation_id != other.conversation_id


def test_an_event_of_another_app_is_ignored(line: Line) -> None:
    stored = line.slack(ORIGINAL, "Ev1", api_app_id="A2")
    line.run()
    event = line.event(stored.event_id)
    assert (event.state, event.reason) == ("ignored", "app_mismatch")
    assert line.signals() == []


def test_only_the_authorized_installation_receives(line: Line) -> None:
    with line.database.write() as session:
        other = Workspace(name="Other", slug="other")
        session.add(other)
        session.flush()
        session.add(Integration(workspace_id=other.id, platform="slack", name="x", slack_app_id=line.slack_app_id,
                                slack_team_id="T0OTHER"))  # fmt: skip
    ours, theirs = line.slack(ORIGINAL, "Ev1"), line.slack(ORIGINAL, "Ev2", team="T0OTHER")
    nobodys = line.slack(ORIGINAL, "Ev3", team="T0UNKNOWN")
    line.run()
    assert {signal.workspace_id for signal in line.signals()} == {line.workspace_id, other.id}
    assert line.receipt(ours.event_id)[0] == line.receipt(theirs.event_id)[0] == "captured"
    assert line.event(nobodys.event_id).reason == "workspace_not_connected"


def test_a_paused_integration_stores_but_does_not_capture(line: Line) -> None:
    with line.database.write() as session:
        session.get_one(Integration, line.slack_integration_id).is_active = False
    stored = line.slack(ORIGINAL, "Ev1")
    line.run()
    assert line.signals() == []
    assert line.receipt(stored.event_id) == ("ignored", "integration_paused")


def test_replay_doubles_nothing(line: Line) -> None:
    stored = line.slack(ORIGINAL, "Ev1")
    line.run()
    with line.database.write() as session:
        assert replay(session, [stored.event_id, "evt_unknown"], line.clock()) == [stored.event_id]
    line.run()
    assert len(line.signals()) == 1
    assert line.receipt(stored.event_id) == ("captured", "unchanged")


def test_one_bad_event_does_not_hold_back_its_batch(line: Line) -> None:
    good = [line.generic({"verbatim": f"words {n}", "source_ref": f"r{n}"}) for n in range(3)]
    bad = line.generic({"verbatim": "words", "source_ref": "bad"})
    with line.database.write() as session:
        session.execute(update(Event).where(Event.id == bad.event_id).values(payload=b"\xff not json"))
    line.run()
    assert len(line.signals()) == 3
    assert all(line.receipt(stored.event_id)[0] == "captured" for stored in good)
    event = line.event(bad.event_id)
    assert (event.state, event.reason) == ("failed", "not_json_object")


def test_what_the_database_refuses_fails_alone(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """An adapter that lets through what the database cannot hold must not stop the line. What was rolled back with it
    and done again is counted once.
    """
    told: list[tuple[str, str, int]] = []
    monkeypatch.setattr(tally, "_event_counters", [lambda *each: told.append(each)])
    adapter = line.process.adapters["webhook"]
    original = type(adapter).signals

    def too_long(self: object, event: object, recipient: object, findings: object) -> object:
        decision = original(self, event, recipient, findings)  # type: ignore[arg-type]
        (write,) = decision.writes  # type: ignore[union-attr]
        if write.verbatim == "bad":  # type: ignore[union-attr]  # generic events only capture
            object.__setattr__(write, "occurred_at", write.occurred_at.replace(tzinfo=None))
        return decision

    monkeypatch.setattr(type(adapter), "signals", too_long)
    good, bad = line.generic({"verbatim": "good"}), line.generic({"verbatim": "bad"})
    line.run()
    assert [signal.verbatim for signal in line.signals()] == ["good"]
    assert line.event(good.event_id).state == "processed"
    assert (line.event(bad.event_id).state, line.event(bad.event_id).reason) == ("failed", "not_storable")
    assert sorted(told) == [("webhook", "failed", 1), ("webhook", "processed", 1)]


def test_being_used_is_noted_once_a_minute(line: Line) -> None:
    line.slack(ORIGINAL, "Ev1")
    line.run()
    first = line.clock()
    line.clock.advance(seconds=30)
    line.slack(EDIT, "Ev2")
    line.run()
    with line.database.read() as session:
        assert session.get_one(Integration, line.slack_integration_id).last_used_at == first


def test_an_app_without_an_id_yet_takes_its_events(line: Line) -> None:
    with line.database.write() as session:
        session.get_one(SlackApp, line.slack_app_id).api_app_id = None
    line.slack(ORIGINAL, "Ev1")
    line.run()
    assert len(line.signals()) == 1


def test_a_generic_repeat_under_another_id_is_never_an_edit(line: Line) -> None:
    for number, words in enumerate(("first words", "other words")):
        line.store("webhook", "signal", {"verbatim": words, "source_ref": "r"}, external_id=f"id{number}",
                   webhook_key_id=line.webhook_key_id)  # fmt: skip
    line.run()
    assert [signal.verbatim for signal in line.signals()] == ["first words"]


def test_words_deleted_in_the_same_batch_are_a_deleted_signal(line: Line) -> None:
    said, gone = line.slack(ORIGINAL, "Ev1"), line.slack(DELETION, "Ev2")
    line.run()
    (signal,) = line.signals()
    assert signal.verbatim == "The export stops at 1,000 rows."
    assert signal.deleted_at is not None
    assert line.receipt(said.event_id) == ("captured", None)
    assert line.receipt(gone.event_id) == ("deleted", None)


def test_small_talk_is_kept_and_marked_and_an_edit_makes_it_words(line: Line) -> None:
    line.slack(message("thanks! :pray:"), "Ev1")
    line.run()
    assert [(signal.verbatim, signal.is_trivial) for signal in line.signals()] == [("thanks! 🙏", True)]
    line.slack(edited("thanks, but it fails again", "1795255300.000200", before="thanks! :pray:"), "Ev2")
    line.run()
    assert [signal.is_trivial for signal in line.signals()] == [False]


class TestAskedThreads:
    """In mode `asked`, what customers answer in a thread of which something was captured belongs to it."""

    ROOT = "1795255200.000100"

    def ask(self, line: Line, mode: CaptureMode) -> None:
        with line.database.write() as session:
            session.get_one(Integration, line.slack_integration_id).config = {"slack_capture": mode}

    def reply(self, line: Line, event_id: str, **more: Any) -> Stored:
        stored = line.slack(message("and on Monday too", "1795255201.000100", thread_ts=self.ROOT, **more), event_id)
        line.run()
        return stored

    def begin(self, line: Line) -> None:
        line.slack(message("It stops.", self.ROOT), "Ev1")
        line.run()
        self.ask(line, "asked")

    def test_a_customers_reply_joins(self, line: Line) -> None:
        self.begin(line)
        assert line.receipt(self.reply(line, "Ev2").event_id) == ("captured", None)
        first, second = line.signals()
        assert first.conversation_id == second.conversation_id

    def test_a_colleagues_reply_does_not(self, line: Line) -> None:
        self.begin(line)
        assert line.receipt(self.reply(line, "Ev2", user_team=HOME).event_id) == ("ignored", "only_when_asked")

    def test_nor_does_one_to_a_thread_that_nobody_asked_for(self, line: Line) -> None:
        self.ask(line, "asked")
        assert line.receipt(self.reply(line, "Ev2").event_id) == ("ignored", "only_when_asked")

    def test_nor_one_to_a_thread_that_was_taken_back(self, line: Line) -> None:
        self.begin(line)
        line.slack(deleted("1795255300.000100", self.ROOT), "Ev2")
        line.run()
        assert line.receipt(self.reply(line, "Ev3").event_id) == ("ignored", "only_when_asked")
