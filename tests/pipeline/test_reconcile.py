"""Gaps are found and closed: what never came, what was edited or deleted meanwhile, and how far all is complete."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from core.taming import JsonObject
from db import Duty, Event, Integration
from integrations.slack.history import LOOK_BACK
from pipeline.duties import AFTER_REFUSAL
from pipeline.installations.lifecycle import disconnect
from pipeline.past.walk import SETTLES_AFTER
from pipeline.reconcile import EVERY, NARROW_EVERY, Reconcile
from sandbox import slack_events
from sandbox.slack_limits import DISTRIBUTED_APP
from tests.pipeline.past import Past, past

__all__ = ["past"]


@pytest.fixture
def step(past: Past) -> Reconcile:
    """The step, for a connection that listens in one channel."""
    with past.line.database.write() as session:
        row = session.get_one(Integration, past.line.slack_integration_id)
        row.config = {"slack_channels": [{"id": past.channel.id, "capture": "external"}]}
    made = past.backfill
    return Reconcile(
        database=past.line.database, historians=made.historians, adapters=past.line.process.adapters,
        access=made.access, clock=past.clock,
    )  # fmt: skip


def hear(past: Past, event: JsonObject, event_id: str) -> None:
    """The event comes live, too."""
    body = past.slack.event(event, team=past.cast.home)
    past.line.store("slack", str(event["type"]), body, external_id=event_id, slack_app_id=past.line.slack_app_id,
                    subject=f"{event['channel']}:{event['ts']}")  # fmt: skip
    past.line.run()


def duty(past: Past) -> Duty:
    with past.line.database.read() as session:
        return session.scalars(select(Duty).where(Duty.kind == "slack.reconcile")).one()


def walk(past: Past, step: Reconcile) -> Duty:
    """Lets the time of the next walk come, and walks."""
    step.run()
    past.clock.now = max(past.clock.now, duty(past).due_at or past.clock.now)
    done = duty(past).done_at
    for _ in range(200):
        step.run()
        found = duty(past)
        if found.done_at != done or found.due_at is None:
            past.line.run()
            return found
        past.clock.now = max(past.clock.now, found.due_at)
    raise AssertionError("the walk does not come to an end")


def events(past: Past) -> int:
    with past.line.database.read() as session:
        return session.scalar(select(func.count()).select_from(Event)) or 0


def test_a_captured_channel_is_complete_from_the_moment_it_is_captured(past: Past, step: Reconcile) -> None:
    past.say("Before anybody listened.", past.clock() - timedelta(hours=1))
    began = past.clock()
    step.run()
    assert duty(past).complete_until == began
    found = walk(past, step)
    assert found.complete_until == past.clock() - SETTLES_AFTER
    assert found.due_at == past.clock() + EVERY
    assert past.line.signals() == []


def test_what_never_came_is_repaired_on_the_usual_way(past: Past, step: Reconcile) -> None:
    step.run()
    root = past.say("Nobody heard this.", past.clock() + timedelta(minutes=1))
    past.say("Nor this answer.", past.clock() + timedelta(minutes=2), thread_ts=str(root["ts"]))
    found = walk(past, step)
    assert sorted(s.verbatim for s in past.line.signals()) == ["Nobody heard this.", "Nor this answer."]
    assert {s.source_metadata["origin"] for s in past.line.signals()} == {"reconcile"}
    assert found.cursor["repaired"] == 2
    count = events(past)
    assert walk(past, step).cursor["repaired"] == 2
    assert events(past) == count


def test_what_came_is_not_stored_again_whatever_became_of_it(past: Past, step: Reconcile) -> None:
    ours = next(user for user in past.cast.world.users if user.team_id == past.cast.home.id)
    step.run()
    hear(past, past.say("Heard.", past.clock() + timedelta(minutes=1)), "Ev1")
    hear(past, past.say("Heard, and not wanted.", past.clock() + timedelta(minutes=2), author=ours), "Ev2")
    walk(past, step)
    assert events(past) == 2
    with past.line.database.write() as session:
        row = session.get_one(Integration, past.line.slack_integration_id)
        row.config = {"slack_channels": [{"id": past.channel.id, "capture": "all"}]}
    walk(past, step)
    assert [s.verbatim for s in past.line.signals()] == ["Heard."]


def test_what_came_for_another_company_in_the_channel_is_repaired_here(past: Past, step: Reconcile) -> None:
    step.run()
    said = past.say("Only the other side heard this.", past.clock() + timedelta(minutes=1))
    body: Any = past.slack.event(said, team=past.cast.home)
    body["authorizations"] = [{"team_id": "T0ELSEWHERE", "enterprise_id": None, "is_enterprise_install": False}]
    past.line.store("slack", "message", body, external_id="Ev1", slack_app_id=past.line.slack_app_id,
                    subject=f"{said['channel']}:{said['ts']}")  # fmt: skip
    past.line.run()
    assert past.line.signals() == []
    walk(past, step)
    assert [s.verbatim for s in past.line.signals()] == ["Only the other side heard this."]
    count = events(past)
    walk(past, step)
    assert events(past) == count


def test_a_missed_edit_is_made_up_for(past: Past, step: Reconcile) -> None:
    step.run()
    said = past.say("It is slow.", past.clock() + timedelta(minutes=1))
    hear(past, said, "Ev1")
    at = f"{(past.clock() + timedelta(minutes=3)).timestamp():.6f}"
    past.slack.history.take(slack_events.message_changed(said, "It is slow on Mondays.", at))
    walk(past, step)
    (signal,) = past.line.signals()
    assert signal.verbatim == "It is slow on Mondays."
    assert signal.edited_at is not None


def test_a_missed_deletion_is_made_up_for_after_a_second_look(past: Past, step: Reconcile) -> None:
    step.run()
    kept = past.say("This stays.", past.clock() + timedelta(minutes=1))
    lost = past.say("This goes.", past.clock() + timedelta(minutes=2))
    hear(past, kept, "Ev1")
    hear(past, lost, "Ev2")
    past.slack.history.take(slack_events.message_deleted(lost, f"{past.clock().timestamp():.6f}"))
    before = past.slack.calls("conversations.history")
    walk(past, step)
    assert {s.verbatim: s.deleted_at is not None for s in past.line.signals()} == {
        "This stays.": False,
        "This goes.": True,
    }
    assert past.slack.calls("conversations.history") == before + 2


def test_a_deleted_answer_is_noticed_when_its_thread_is_read(past: Past, step: Reconcile) -> None:
    step.run()
    root = past.say("A question.", past.clock() + timedelta(minutes=1))
    answer = past.say("An answer.", past.clock() + timedelta(minutes=2), thread_ts=str(root["ts"]))
    past.say("Another answer.", past.clock() + timedelta(minutes=3), thread_ts=str(root["ts"]))
    hear(past, root, "Ev1")
    hear(past, answer, "Ev2")
    past.slack.history.take(slack_events.message_deleted(answer, f"{past.clock().timestamp():.6f}"))
    walk(past, step)
    gone = {s.verbatim: s.deleted_at is not None for s in past.line.signals()}
    assert gone == {"A question.": False, "An answer.": True, "Another answer.": False}


def test_the_moment_moves_only_after_a_whole_walk(past: Past, step: Reconcile) -> None:
    step.run()
    began = duty(past).complete_until
    for minute in range(5):
        past.say(f"Word {minute}", past.clock() + timedelta(minutes=minute))
    past.clock.advance(minutes=11)
    past.slack.fail_next("conversations.history", retry_after=7)
    step.run()
    waiting = duty(past)
    assert (waiting.reason, waiting.attempts, waiting.complete_until) == ("slack_rate_limited", 0, began)
    assert waiting.due_at == past.clock() + timedelta(seconds=7)
    found = walk(past, step)
    assert found.complete_until is not None
    assert began is not None
    assert found.complete_until > began
    assert len(past.line.signals()) == 5


def test_a_narrow_app_is_frugal_and_gives_way_to_an_import(past: Past, step: Reconcile) -> None:
    past.slack.limits.kind = DISTRIBUTED_APP
    step.run()
    for number in range(40):
        past.say(f"Word {number}", past.clock() + timedelta(seconds=number))
    found = walk(past, step)
    assert found.cursor["allowance"] == [15, 60.0]
    assert len(past.line.signals()) == 40
    assert found.due_at == past.clock() + NARROW_EVERY
    past.order(channel_id="C0ELSEWHERE", due_at=None)
    past.clock.now = found.due_at
    calls = past.slack.calls("conversations.history")
    step.run()
    assert duty(past).reason == "import_running"
    assert past.slack.calls("conversations.history") == calls


def test_a_walk_looks_back_a_day_but_never_before_the_channel_was_captured(past: Past, step: Reconcile) -> None:
    step.run()
    past.clock.advance(hours=30)
    walk(past, step)
    said = past.say("Late, but within a day.", past.clock() - LOOK_BACK + timedelta(hours=1))
    walk(past, step)
    assert [s.verbatim for s in past.line.signals()] == [said["text"]]


@pytest.mark.parametrize("error", ["not_in_channel", "channel_not_found", "missing_scope"])
def test_what_slack_refuses_is_told_and_tried_again_much_later(past: Past, step: Reconcile, error: str) -> None:
    step.run()
    past.clock.advance(minutes=11)
    past.slack.fail_next("conversations.history", error=error, status=200)
    step.run()
    found = duty(past)
    assert found.reason is not None
    assert found.due_at == past.clock() + AFTER_REFUSAL


def test_channels_that_are_not_captured_any_more_have_no_duty(past: Past, step: Reconcile) -> None:
    step.run()
    with past.line.database.write() as session:
        disconnect(session.get_one(Integration, past.line.slack_integration_id), reason="x", now=past.clock())
    past.clock.advance(minutes=1)
    step.run()
    with past.line.database.read() as session:
        assert session.scalars(select(Duty)).all() == []


def test_erased_words_do_not_come_back(past: Past, step: Reconcile) -> None:
    step.run()
    hear(past, past.say("To be forgotten.", past.clock() + timedelta(minutes=1)), "Ev1")
    with past.line.database.write() as session:
        (signal,) = past.line.signals()
        stored: Any = session.get(type(signal), signal.id)
        stored.verbatim, stored.deleted_at, stored.source_version = "", past.clock(), "\x7f"
    walk(past, step)
    assert events(past) == 1
    assert [s.verbatim for s in past.line.signals()] == [""]
