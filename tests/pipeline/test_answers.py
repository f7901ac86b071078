"""Telling who asked by a mention what came of it: after the commit, in private, until it is said."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.adapter import Access
from core.errors import StepFailed
from core.signal import Lookup
from core.voice import Captured, Digest
from db import Duty, Integration
from pipeline.answers import Answers
from pipeline.retry import SCHEDULE
from pipeline.tokens.access import StoredAccess
from tests.pipeline.conftest import CHANNEL, HOME, Line, message

ROOT = "1795255200.000100"
MENTION = {
    "type": "app_mention", "user": "U0PRIYA", "text": "<@U0BOT> keep this", "ts": "1795255300.000100",
    "event_ts": "1795255300.000100", "thread_ts": ROOT, "channel": CHANNEL, "team": HOME,
}  # fmt: skip


@dataclass
class Heard:
    """A voice that remembers what it said, or fails as told."""

    failure: StepFailed | None = None
    said: list[tuple[str, str, Captured]] = field(default_factory=list)

    def tell_captured(self, access: Access, person: str, captured: Captured) -> None:
        if self.failure:
            raise self.failure
        self.said.append((access.token, person, captured))

    def post_digest(self, access: Access, channel: str, digest: Digest) -> None:  # noqa: ARG002
        raise AssertionError("no digest was asked for")


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def answers(line: Line, heard: Heard) -> Answers:
    with line.database.write() as session:
        session.get_one(Integration, line.slack_integration_id).access_token = "pylon-token"
    line.complete.lookups["slack"] = line.answers  # type: ignore[index]
    line.answers.findings = {
        Lookup("person", "U0PRIYA"): {"team_id": HOME, "is_guest": False},
        Lookup("message", f"{CHANNEL}:{ROOT}"): {
            "message": message("It stops.") | {"user_profile": {"real_name": "Ada"}}
        },
    }
    access = StoredAccess(line.database)
    return Answers(
        database=line.database,
        voices={"slack": heard},
        access=access,
        clock=line.clock,
        public_url="https://box.example",
    )


def waiting(line: Line) -> list[Duty]:
    with line.database.read() as session:
        return list(session.scalars(select(Duty)))


def test_a_mention_captures_what_began_the_thread_and_is_answered_once(
    line: Line, answers: Answers, heard: Heard
) -> None:
    stored = line.slack(MENTION, "Ev1", team=HOME)
    line.run()
    (signal,) = line.signals()
    assert (signal.verbatim, signal.source_ref) == ("It stops.", f"{CHANNEL}:{ROOT}")
    assert line.receipt(stored.event_id) == ("captured", None)
    assert answers.run().done == 1
    assert heard.said == [("pylon-token", "U0PRIYA", Captured(f"https://box.example/signals/{signal.id}", "Ada"))]
    assert waiting(line) == []
    assert answers.run().done == 0


def test_an_answer_that_fails_is_said_later(line: Line, answers: Answers, heard: Heard) -> None:
    line.slack(MENTION, "Ev1", team=HOME)
    line.run()
    heard.failure = StepFailed("slack_rate_limited", permanent=False, retry_after=90)
    answers.run()
    (duty,) = waiting(line)
    assert duty.reason == "slack_rate_limited"
    assert duty.due_at == line.clock() + timedelta(seconds=90)
    heard.failure = None
    line.clock.advance(seconds=90)
    answers.run()
    assert len(heard.said) == 1
    assert waiting(line) == []


def test_what_cannot_be_said_is_given_up(line: Line, answers: Answers, heard: Heard) -> None:
    line.slack(MENTION, "Ev1", team=HOME)
    line.run()
    heard.failure = StepFailed("slack_scope_missing", permanent=True)
    answers.run()
    assert waiting(line) == []


def test_a_platform_that_stays_away_is_given_up_in_the_end(line: Line, answers: Answers, heard: Heard) -> None:
    line.slack(MENTION, "Ev1", team=HOME)
    line.run()
    heard.failure = StepFailed("slack_unavailable", permanent=False)
    for _ in range(len(SCHEDULE) + 1):
        line.clock.advance(hours=6)
        answers.run()
    assert waiting(line) == []


def test_whoever_lost_the_lease_removes_nothing(line: Line, answers: Answers, heard: Heard) -> None:
    """The one who died in mid-sentence: another says it again, and the first comes too late."""
    line.slack(MENTION, "Ev1", team=HOME)
    line.run()

    class Slow(Heard):
        def tell_captured(self, access: Access, person: str, captured: Captured) -> None:
            line.clock.advance(minutes=2)
            answers.run()
            super().tell_captured(access, person, captured)

    slow = Slow()
    late = Answers(
        database=line.database, voices={"slack": slow}, access=answers.access, clock=line.clock, public_url=""
    )
    late.run()
    assert (len(slow.said), len(heard.said)) == (1, 1)
    assert waiting(line) == []
