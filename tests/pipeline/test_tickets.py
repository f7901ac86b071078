"""Tickets that people asked for: asked for once, linked to their thread, told in private; never opened twice."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import pytest
from sqlalchemy import select

from core.adapter import Access
from core.errors import StepFailed
from core.tickets import NOT_SENT, NewTicket, Ticket, TicketWish
from db import ConversationLink, Database, Duty, Integration, Workspace
from pipeline.tickets import Tickets, wish_ticket
from pipeline.tokens.access import StoredAccess
from tests.conftest import StillClock

WISH = TicketWish(
    "C1", "9.9", "1.1", "https://acme.slack.com/x", "Export", "It stops.", "U0PRIYA", "ada@globex.example"
)


@dataclass
class Pylon:
    """A desk that does as it is told: ``failures`` come first; a ``late`` one fails though it made the ticket."""

    failures: list[StepFailed] = field(default_factory=list)
    is_late: bool = False
    made: list[NewTicket] = field(default_factory=list)
    asked: int = 0
    before: Callable[[], None] = lambda: None

    def create(self, access: Access, ticket: NewTicket) -> Ticket:
        assert access.token == "pylon-token"
        self.asked += 1
        self.before()
        if self.is_late or not self.failures:
            self.made.append(ticket)
        if self.failures:
            raise self.failures.pop(0)
        return Ticket("iss_1", "https://app.usepylon.com/1")

    def find(self, access: Access, ticket: NewTicket, since: datetime) -> Ticket | None:  # noqa: ARG002
        return Ticket("iss_1", "https://app.usepylon.com/1") if ticket in self.made else None


@dataclass
class Voice:
    failures: list[StepFailed] = field(default_factory=list)
    said: list[tuple[str, str, str | None, str | None]] = field(default_factory=list)

    def tell_ticket(self, access: Access, person: str, url: str | None, problem: str | None) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.said.append((access.token, person, url, problem))


@dataclass
class Scene:
    database: Database
    clock: StillClock
    pylon: Pylon
    voice: Voice
    step: Tickets
    desk_id: str
    slack_id: str

    def wish(self, wish: TicketWish = WISH) -> None:
        with self.database.write() as session:
            desk = session.get_one(Integration, self.desk_id)
            wish_ticket(session, desk, self.slack_id, "acc_1", wish, now=self.clock())

    def run(self, times: int = 2) -> None:
        for _ in range(times):
            self.step.run()

    def duties(self) -> list[Duty]:
        with self.database.read() as session:
            return list(session.scalars(select(Duty)))


@pytest.fixture
def scene(database: Database, clock: StillClock) -> Scene:
    with database.write() as session:
        workspace = Workspace(name="Acme", slug="acme")
        session.add(workspace)
        session.flush()
        rows = [
            Integration(workspace_id=workspace.id, platform=name, name=name, access_token=f"{name}-token")
            for name in ("pylon", "slack")
        ]
        session.add_all(rows)
    pylon, voice = Pylon(), Voice()
    step = Tickets(database=database, desks={"pylon": pylon}, voices={"slack": voice},
                   access=StoredAccess(database), clock=clock)  # fmt: skip
    return Scene(database, clock, pylon, voice, step, rows[0].id, rows[1].id)


def links(scene: Scene) -> set[tuple[str, str]]:
    with scene.database.read() as session:
        rows = session.scalars(select(ConversationLink)).all()
    assert len({row.conversation_id for row in rows}) <= 1
    return {(row.kind, row.ref) for row in rows}


def test_a_ticket_is_opened_linked_and_told_once(scene: Scene) -> None:
    scene.wish()
    scene.wish()
    scene.run(4)
    assert scene.pylon.made == [
        NewTicket("Export", "It stops.", "https://acme.slack.com/x", "acc_1", "ada@globex.example")
    ]
    assert links(scene) == {("slack_thread", "C1:1.1"), ("pylon_issue", "iss_1")}
    assert scene.voice.said == [("slack-token", "U0PRIYA", "https://app.usepylon.com/1", None)]
    (kept,) = scene.duties()
    assert (kept.due_at, kept.done_at) == (None, scene.clock())
    assert "It stops" not in str(kept.cursor)
    scene.wish()
    scene.run(3)
    assert scene.pylon.asked == 1, "the message has its ticket"


@pytest.mark.parametrize(
    "failure",
    [StepFailed("pylon_rate_limited", permanent=False, retry_after=90), StepFailed(NOT_SENT, permanent=False)],
)
def test_what_was_not_asked_is_asked_again(scene: Scene, failure: StepFailed) -> None:
    scene.pylon.failures = [failure]
    scene.wish()
    scene.run()
    assert scene.pylon.asked == 1
    scene.clock.advance(seconds=91)
    scene.run()
    assert (scene.pylon.asked, len(scene.pylon.made), len(scene.voice.said)) == (2, 1, 1)


@pytest.mark.parametrize("is_late", [True, False])
def test_an_uncertain_attempt_is_looked_up_and_never_repeated(scene: Scene, is_late: bool) -> None:
    scene.pylon.failures, scene.pylon.is_late = [StepFailed("pylon_unreachable", permanent=False)], is_late
    scene.wish()
    scene.run()
    scene.clock.advance(seconds=31)
    scene.run(3)
    assert scene.pylon.asked == 1
    ((_, _, url, problem),) = scene.voice.said
    assert (url is not None, problem is not None) == (is_late, not is_late)
    assert ("look there before you try again" in (problem or "")) is not is_late
    assert len(scene.duties()) == int(is_late), "after a problem people may try again"


def test_whoever_dies_while_asking_is_relieved_by_one_who_looks(scene: Scene) -> None:
    class Died(BaseException):
        pass

    def die() -> None:
        raise Died

    scene.wish()
    scene.pylon.before = die
    with pytest.raises(Died):
        scene.step.run()
    scene.pylon.before = lambda: None
    scene.run()
    assert scene.pylon.asked == 1, "the lease still holds"
    scene.clock.advance(seconds=61)
    scene.run(3)
    assert scene.pylon.asked == 1
    assert "It is not known" in (scene.voice.said[0][3] or "")


def test_whoever_lost_the_lease_changes_nothing(scene: Scene) -> None:
    def be_slow() -> None:
        scene.pylon.before = lambda: None
        scene.clock.advance(seconds=61)
        scene.step.run()

    scene.wish()
    scene.pylon.before = be_slow
    scene.run(3)
    assert scene.pylon.asked == 1
    assert len(scene.voice.said) == 1


def test_a_refusal_is_told_with_what_to_do(scene: Scene) -> None:
    scene.pylon.failures = [StepFailed("pylon_token_refused", permanent=True)]
    scene.wish()
    scene.run(3)
    assert scene.voice.said[0][2:] == (
        None, "Pylon refuses the connection's API token. An admin can replace it in Signalbox."
    )  # fmt: skip
    assert scene.duties() == []
    scene.wish()
    scene.run(3)
    assert scene.voice.said[1][3] is None


def test_telling_is_tried_again_without_another_ticket(scene: Scene) -> None:
    scene.voice.failures = [StepFailed("slack_rate_limited", permanent=False, retry_after=30)]
    scene.wish()
    scene.run(3)
    assert scene.voice.said == []
    scene.clock.advance(seconds=31)
    scene.run()
    assert (scene.pylon.asked, len(scene.voice.said)) == (1, 1)


def test_without_a_token_the_person_is_told(scene: Scene) -> None:
    with scene.database.write() as session:
        session.get_one(Integration, scene.desk_id).access_token = None
    scene.wish()
    scene.run(3)
    assert "no API token" in (scene.voice.said[0][3] or "")
    assert scene.pylon.asked == 0
