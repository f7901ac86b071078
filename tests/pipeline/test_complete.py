"""The step that goes over the network: look-ups, effects, failures, leases."""

from datetime import timedelta

from sqlalchemy import func, select

from core.errors import StepFailed
from core.signal import Lookup
from core.taming import JsonObject, JsonValue
from db import Conversation
from pipeline.claim import lease_out
from pipeline.retry import SCHEDULE
from tests.pipeline.conftest import CHANNEL, Line, message

ORIGINAL = message("The export stops at 1,000 rows.")


def test_a_thin_body_is_completed_by_look_ups(line: Line) -> None:
    line.answers.findings = {
        Lookup("issue", "i1"): {"id": "i1", "title": "Export", "state": "new", "link": "https://app.usepylon.com/i1",
                                "slack": {"channel_id": CHANNEL, "message_ts": "1795255200.000100"}},
        Lookup("messages", "i1"): {"messages": [
            {"id": "m1", "message_html": "<p>It stops.</p>", "timestamp": "2026-11-20T09:00:00Z",
             "author": {"name": "Ada", "contact": {"id": "c1", "email": "ada@customer.example"}}}]},
    }  # fmt: skip
    line.slack(ORIGINAL, "Ev1")
    line.run()
    stored = line.pylon({"event": "issue.created", "issue_id": "i1"})
    line.run()
    slack, pylon = line.signals()
    assert (pylon.verbatim, pylon.source_scope, pylon.author_email) == ("It stops.", "org-1", "ada@customer.example")
    assert slack.conversation_id == pylon.conversation_id, "the Slack thread and its Pylon issue are one"
    assert line.receipt(stored.event_id)[0] == "captured"


def test_two_conversations_that_turn_out_to_be_one_are_merged(line: Line) -> None:
    line.slack(ORIGINAL, "Ev1")
    issue: JsonObject = {"id": "i1", "title": "Export"}
    said: JsonObject = {"messages": [{"id": "m1", "message_html": "It stops.", "timestamp": "2026-11-20T09:00:00Z",
                          "author": {"contact": {"id": "c1"}}}]}  # fmt: skip
    line.answers.findings = {Lookup("issue", "i1"): issue, Lookup("messages", "i1"): said}
    line.pylon({"event": "issue.created", "issue_id": "i1"})
    line.run()
    line.clock.advance(minutes=1)
    linked: JsonObject = issue | {"slack": {"channel_id": CHANNEL, "message_ts": "1795255200.000100"}}
    line.answers.findings[Lookup("issue", "i1")] = linked | {"updated_at": "2026-11-20T10:01:00Z"}
    line.pylon({"event": "issue.updated", "issue_id": "i1"})
    line.run()
    slack, pylon = line.signals()
    assert slack.conversation_id == pylon.conversation_id
    with line.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Conversation)) == 1


def test_a_transient_failure_is_tried_again_until_it_is_failed(line: Line) -> None:
    line.answers.failure = StepFailed("pylon_unavailable", permanent=False)
    stored = line.pylon({"event": "issue.created", "issue_id": "i1"})
    for attempts, wait in enumerate(SCHEDULE, start=1):
        line.run()
        event = line.event(stored.event_id)
        assert (event.state, event.reason, event.attempts) == ("pending", "pylon_unavailable", attempts)
        assert event.due_at is not None
        assert timedelta(seconds=wait) <= event.due_at - line.clock() <= timedelta(seconds=wait * 1.21)
        line.clock.now = event.due_at
    line.run()
    event = line.event(stored.event_id)
    assert (event.state, event.reason) == ("failed", "pylon_unavailable")
    assert line.receipt(stored.event_id) == ("failed", "pylon_unavailable")


def test_a_pause_that_was_asked_for_is_kept(line: Line) -> None:
    line.answers.failure = StepFailed("pylon_rate_limited", permanent=False, retry_after=90)
    stored = line.pylon({"event": "issue.created", "issue_id": "i1"})
    line.run()
    assert line.event(stored.event_id).due_at == line.clock() + timedelta(seconds=90)


def test_a_permanent_failure_ends_at_once(line: Line) -> None:
    line.answers.failure = StepFailed("pylon_not_found", permanent=True)
    stored = line.pylon({"event": "issue.created", "issue_id": "i1"})
    line.run()
    assert line.receipt(stored.event_id) == ("failed", "pylon_not_found")


def test_an_overtaken_worker_commits_nothing(line: Line) -> None:
    """Fencing: while the first worker was away, its lease ran out and another took the event."""
    stored = line.pylon({"event": "issue.created", "issue_id": "i1"})

    def overtake() -> None:
        with line.database.write() as session:
            lease_out(session, [stored.event_id], line.clock())

    line.answers.before = overtake
    line.answers.findings = {Lookup("issue", "i1"): {"id": "i1"}, Lookup("messages", "i1"): {"messages": []}}
    line.run()
    event = line.event(stored.event_id)
    assert (event.state, event.attempts) == ("pending", 0)


def test_effects_are_performed_and_retried(line: Line) -> None:
    line.deeds.failures = 1
    stored = line.slack({"type": "app_uninstalled"}, "Ev1")
    line.run()
    assert line.event(stored.event_id).state == "pending"
    line.clock.advance(minutes=1)
    line.run()
    assert line.deeds.performed == ["app_uninstalled"]
    assert line.receipt(stored.event_id) == ("handled", "app_uninstalled")


def test_equal_look_ups_of_a_batch_are_fetched_once(line: Line) -> None:
    asked: list[int] = []
    line.answers.before = lambda: asked.append(1)
    line.answers.findings = {Lookup("issue", "i1"): {"id": "i1"}, Lookup("messages", "i1"): {"messages": []}}
    for _ in range(5):
        line.pylon({"event": "issue.updated", "issue_id": "i1"})
    line.run()
    assert len(asked) == 3, "issue, messages and threads, once each"


def test_a_bug_on_the_way_of_look_ups_is_counted_too(line: Line) -> None:
    """Not only failures that were expected: an event must not come round for ever."""

    def explode() -> None:
        raise RuntimeError("a bug")

    line.answers.before = explode
    stored = line.pylon({"event": "issue.created", "issue_id": "i1"})
    line.run()
    event = line.event(stored.event_id)
    assert (event.state, event.attempts, event.reason) == ("pending", 1, "not_completed")


def test_an_issue_with_thousands_of_messages_is_stored_whole(line: Line) -> None:
    said: list[JsonValue] = [
        {"id": f"m{n}", "message_html": f"words {n}", "timestamp": "2026-11-20T09:00:00Z",
         "author": {"contact": {"id": "c1"}}} for n in range(3000)
    ]  # fmt: skip
    line.answers.findings = {Lookup("issue", "i1"): {"id": "i1"}, Lookup("messages", "i1"): {"messages": said}}
    stored = line.pylon({"event": "issue.updated", "issue_id": "i1"})
    line.run()
    assert line.event(stored.event_id).state == "processed"
    assert len(line.signals()) == 3000


def test_a_burst_about_one_issue_is_answered_by_one_question(line: Line) -> None:
    """More triggers than a batch holds, some of which come while the first waits for company."""
    asked: list[int] = []
    line.answers.before = lambda: asked.append(1)
    line.answers.findings = {Lookup("issue", "i1"): {"id": "i1"}, Lookup("messages", "i1"): {"messages": []}}
    first = [line.pylon({"event": "issue.updated", "issue_id": "i1"}) for _ in range(30)]
    line.process.run()
    line.clock.advance(seconds=1.9)
    late = [line.pylon({"event": "issue.updated", "issue_id": "i1"}) for _ in range(5)]
    line.process.run()
    assert line.complete.run().done == 0
    line.clock.advance(seconds=0.1)
    line.complete.run()
    assert {line.event(stored.event_id).state for stored in (*first, *late)} == {"processed"}
    assert len(asked) == 3, "issue, messages and threads, once each"


def test_pauses_use_up_no_attempts(line: Line) -> None:
    """However long a storm of refusals lasts, the work is done in the end."""
    line.answers.failure = StepFailed("pylon_rate_limited", permanent=False, retry_after=60)
    stored = line.pylon({"event": "issue.created", "issue_id": "i1"})
    for _ in range(3 * len(SCHEDULE)):
        line.run()
        line.clock.advance(seconds=60)
    assert line.event(stored.event_id).attempts == 0
    line.answers.failure = None
    line.answers.findings = {Lookup("issue", "i1"): {"id": "i1"}, Lookup("messages", "i1"): {"messages": []}}
    line.run()
    assert line.event(stored.event_id).state == "processed"
