"""The daily digest: due at its hour, about what is new, never doubled, and never where others read along."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.adapter import Access
from core.errors import StepFailed
from core.voice import Captured, Digest
from db import Duty, Integration, Signal, Workspace
from pipeline.digest import Digests, next_at
from pipeline.tokens.access import StoredAccess
from tests.pipeline.conftest import Line
from web.desk import brief_of

TEAM = "C0TEAM"
EIGHT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


@dataclass
class Posted:
    """A voice that remembers its digests, or fails as told."""

    failure: StepFailed | None = None
    digests: list[tuple[str, Digest]] = field(default_factory=list)
    before: Callable[[], object] = lambda: None

    def tell_captured(self, access: Access, person: str, captured: Captured) -> None:  # noqa: ARG002
        raise AssertionError("nobody asked for anything")

    def post_digest(self, access: Access, channel: str, digest: Digest) -> None:
        assert access.token == "xoxb-1"
        self.before()
        if self.failure:
            raise self.failure
        self.digests.append((channel, digest))


@pytest.fixture
def posted() -> Posted:
    return Posted()


@pytest.fixture
def digests(line: Line, posted: Posted) -> Digests:
    configure(line, slack_digest={"channel_id": TEAM, "hour": 8})
    with line.database.write() as session:
        session.get_one(Integration, line.slack_integration_id).access_token = "xoxb-1"
    return make(line, posted)


def make(line: Line, posted: Posted) -> Digests:
    return Digests(
        database=line.database, voices={"slack": posted}, access=StoredAccess(line.database), clock=line.clock,
        briefly=lambda signal: brief_of(signal, "https://box.example/"), console_url="https://box.example/signals",
    )  # fmt: skip


def configure(line: Line, **config: Any) -> None:
    with line.database.write() as session:
        session.get_one(Integration, line.slack_integration_id).config = config  # type: ignore[assignment]


def signal(line: Line, text: str, **more: Any) -> None:
    with line.database.write() as session:
        session.add(
            Signal(
                workspace_id=more.pop("workspace_id", line.workspace_id), source="slack", source_ref=f"C1:{text}",
                source_version="1", verbatim=text, occurred_at=line.clock(), created_at=line.clock(), **more,
            )
        )  # fmt: skip


def duties(line: Line) -> list[Duty]:
    with line.database.read() as session:
        return list(session.scalars(select(Duty)))


@pytest.mark.parametrize(
    ("hour", "expected"), [(8, EIGHT), (10, EIGHT.replace(hour=10)), (11, datetime(2026, 11, 20, 11, tzinfo=UTC))]
)
def test_the_next_hour(hour: int, expected: datetime) -> None:
    assert next_at(hour, datetime(2026, 11, 20, 10, 0, tzinfo=UTC)) == expected


def test_a_digest_at_its_hour(line: Line, digests: Digests, posted: Posted) -> None:
    assert digests.run().done == 0
    assert [duty.due_at for duty in duties(line)] == [EIGHT]
    line.clock.now = EIGHT - timedelta(hours=1)
    signal(line, "It stops.", severity="low", account_name="Kestrel")
    signal(line, "It burns.", severity="critical", account_name="Kestrel")
    signal(line, "Thanks!", is_trivial=True)
    signal(line, "Gone.", deleted_at=line.clock())
    line.clock.now = EIGHT
    assert digests.run().done == 1
    ((channel, digest),) = posted.digests
    assert (channel, digest.count, digest.accounts) == (TEAM, 2, (("Kestrel", 2),))
    assert [brief.words for brief in digest.briefs] == ["It burns.", "It stops."]
    assert digests.run().done == 0
    line.clock.advance(days=1)
    digests.run()
    assert len(posted.digests) == 1, "nothing is new, so nothing is said"
    assert [duty.due_at for duty in duties(line)] == [EIGHT + timedelta(days=2)]


def test_another_workspace_is_not_in_it(line: Line, digests: Digests, posted: Posted) -> None:
    digests.run()
    with line.database.write() as session:
        other = Workspace(name="Other", slug="other-digest")
        session.add(other)
    line.clock.now = EIGHT - timedelta(hours=1)
    signal(line, "Theirs.", workspace_id=other.id)
    line.clock.now = EIGHT
    digests.run()
    assert posted.digests == []


def test_a_channel_that_became_shared_stops_it(line: Line, digests: Digests, posted: Posted) -> None:
    digests.run()
    line.clock.now = EIGHT - timedelta(hours=1)
    signal(line, "It stops.")
    posted.failure = StepFailed("digest_channel_shared", permanent=True)
    line.clock.now = EIGHT
    digests.run()
    (duty,) = duties(line)
    assert (duty.due_at, duty.reason) == (None, "digest_channel_shared")
    line.clock.advance(days=3)
    assert digests.run().done == 0


def test_what_slack_refused_for_now_is_posted_later_that_day(line: Line, digests: Digests, posted: Posted) -> None:
    digests.run()
    line.clock.now = EIGHT - timedelta(hours=1)
    signal(line, "It stops.")
    posted.failure = StepFailed("slack_rate_limited", permanent=False, retry_after=60)
    line.clock.now = EIGHT
    digests.run()
    posted.failure = None
    line.clock.advance(seconds=60)
    digests.run()
    assert [digest.count for _, digest in posted.digests] == [1]


@pytest.mark.parametrize("crash", [True, False])
def test_when_nobody_knows_whether_it_was_posted_the_next_one_reaches_back(
    line: Line, digests: Digests, posted: Posted, crash: bool
) -> None:
    digests.run()
    line.clock.now = EIGHT - timedelta(hours=1)
    signal(line, "It stops.")
    line.clock.now = EIGHT
    posted.failure = StepFailed("slack_unavailable", permanent=False)
    if crash:
        posted.before = _die
        with pytest.raises(KeyboardInterrupt):
            digests.run()
        posted.before = lambda: None
    else:
        digests.run()
    posted.failure = None
    line.clock.advance(minutes=5)
    digests.run()
    assert posted.digests == [], "perhaps it stands there already"
    line.clock.now = EIGHT + timedelta(days=1)
    digests.run()
    assert [digest.count for _, digest in posted.digests] == [1]


def test_two_workers_post_one(line: Line, digests: Digests, posted: Posted) -> None:
    digests.run()
    line.clock.now = EIGHT - timedelta(hours=1)
    signal(line, "It stops.")
    line.clock.now = EIGHT
    posted.before = make(line, posted).run
    digests.run()
    assert len(posted.digests) == 1


def test_the_plan_follows_the_configuration(line: Line, digests: Digests) -> None:
    digests.run()
    configure(line, slack_digest={"channel_id": TEAM, "hour": 12})
    line.clock.advance(minutes=1)
    digests.run()
    assert [duty.due_at for duty in duties(line)] == [EIGHT.replace(day=20, hour=12)]
    configure(line, slack_digest={"channel_id": "C0ELSE", "hour": 12})
    line.clock.advance(minutes=1)
    digests.run()
    assert [duty.scope for duty in duties(line)] == ["C0ELSE"]
    configure(line)
    line.clock.advance(minutes=1)
    digests.run()
    assert duties(line) == []


def _die() -> None:
    raise KeyboardInterrupt
