"""What Pylon tells of a whole issue: its state, what is gone from it, and what was never meant for us."""

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from db import Conversation, Event, Integration, Receipt, Signal, SignalRevision
from tests.pipeline.conftest import CHANNEL, Line, message
from tests.pipeline.pylon_story import (
    CLOSED,
    EARLY,
    INTERNAL,
    LINKED,
    OPENING,
    REPLY,
    ROOT,
    issue,
    said_in_slack,
    theirs,
    ts,
)

SLACK_COPY = said_in_slack(message("The export stops at 1,000 rows.", ROOT), "Ev1")


def test_an_issue_describes_its_conversation_and_only_newer_states_count(line: Line) -> None:
    more: dict[str, Any] = {
        "assignee": {"id": "u1", "email": "kim@home.example"},
        "tags": ["export"],
        "custom_fields": {"priority": {"value": "high"}},
    }
    replace(LINKED, issue=LINKED.issue | more).arrive(line)
    conversation = the_conversation(line)
    assert (conversation.title, conversation.state, conversation.priority) == ("Export", "new", "high")
    assert (conversation.assignee_email, conversation.tags) == ("kim@home.example", ["export"])
    assert (conversation.account_external_id, conversation.url) == ("acc_1", LINKED.issue["link"])
    CLOSED.arrive(line)
    EARLY.arrive(line)
    assert the_conversation(line).state == "closed"
    replace(CLOSED, seconds=300, issue=issue(300, state="waiting_on_you")).arrive(line)
    assert the_conversation(line).state == "waiting_on_you", "reopened"


def test_a_message_that_is_gone_from_pylon_is_deleted(line: Line) -> None:
    CLOSED.arrive(line)
    assert deleted_refs(line) == []
    replace(CLOSED, seconds=300, issue=issue(300), messages=(OPENING,)).arrive(line)
    assert deleted_refs(line) == ["2f1c:m2", "2f1c:m3"]
    CLOSED.arrive(line)
    assert deleted_refs(line) == ["2f1c:m2", "2f1c:m3"], "a late answer brings nothing back"


def test_when_the_opening_is_gone_the_next_message_keeps_its_name(line: Line) -> None:
    LINKED.arrive(line)
    replace(LINKED, seconds=300, issue=issue(300), messages=(REPLY,)).arrive(line)
    assert deleted_refs(line) == ["2f1c"]
    alive = [signal for signal in line.signals() if signal.deleted_at is None]
    assert [(signal.source_ref, signal.verbatim) for signal in alive] == [("2f1c:m2", "Only the CSV one.")]


def test_a_redaction_empties_both_copies_and_what_brought_them(line: Line) -> None:
    SLACK_COPY(line)
    EARLY.arrive(line)
    LINKED.arrive(line)
    redacted = theirs("m1", "<p>[redacted]</p>", 1)
    replace(LINKED, seconds=300, issue=issue(300), messages=(redacted, REPLY)).arrive(line)
    with line.database.read() as session:
        emptied = session.scalars(select(Signal).where(Signal.verbatim == "")).all()
        assert {(signal.source, signal.source_ref) for signal in emptied} == {
            ("slack", f"{CHANNEL}:{ROOT}"), ("pylon", "2f1c"),
        }  # fmt: skip
        assert all(signal.deleted_at for signal in emptied)
        assert session.scalars(select(SignalRevision)).all() == []
        brought = select(Event.payload).join(Receipt, Receipt.event_id == Event.id).where(Event.platform == "slack")
        assert session.scalars(brought).all() == [b""]
        assert "redacted" in session.scalars(select(Receipt.reason)).all()


def test_internal_threads_are_nobodys_words_in_either_order(line: Line) -> None:
    channel, root = INTERNAL.split(":")
    triage = message("They are about to churn.", root) | {"channel": channel}
    reply = message("I will call them.", ts(50), thread_ts=root) | {"channel": channel}
    said_in_slack(triage, "Ev1")(line)
    assert deleted_refs(line) == []
    known = replace(LINKED, threads=({"id": "t1", "channel_id": channel, "thread_id": root},))
    known.arrive(line)
    assert deleted_refs(line) == [INTERNAL]
    late = line.slack(reply, "Ev2")
    line.run()
    assert line.receipt(late.event_id) == ("ignored", "internal_thread")


def test_unwanted_events_bring_no_new_words_but_changes_follow(line: Line) -> None:
    EARLY.arrive(line)
    configure(line, ["issue.closed"])
    replace(CLOSED, messages=(theirs("m1", "<p>It stops at 10 rows.</p>", 1), REPLY)).arrive(line)
    assert [(s.source_ref, s.verbatim) for s in line.signals()] == [("2f1c", "It stops at 10 rows.")]
    assert the_conversation(line).state == "closed"


def test_an_issue_without_new_words_is_handled(line: Line) -> None:
    replace(EARLY, messages=()).arrive(line)
    with line.database.read() as session:
        (receipt,) = session.scalars(select(Receipt)).all()
        assert (receipt.outcome, receipt.reason) == ("handled", "conversation_described")


def configure(line: Line, events: list[Any]) -> None:
    with line.database.write() as session:
        session.get_one(Integration, line.pylon_integration_id).config = {"pylon_events": events}


def the_conversation(line: Line) -> Conversation:
    with line.database.read() as session:
        return session.scalars(select(Conversation).where(Conversation.source_version.is_not(None))).one()


def deleted_refs(line: Line) -> list[str]:
    return sorted(signal.source_ref for signal in line.signals() if signal.deleted_at)
