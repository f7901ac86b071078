"""One conversation that reaches us twice: in Slack, and as a Pylon issue that grew out of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from core.accounts import KnownAccount, KnownChannel
from core.adapter import Access
from core.signal import Lookup
from pipeline.accounts import Accounts
from pipeline.tokens.access import StoredAccess
from tests.pipeline.conftest import CHANNEL, Line, edited, message

ISSUE = "2f1c"
START = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
ROOT = "1795255200.000100"
INTERNAL = "C0TRIAGE:1795255230.000000"


def ts(seconds: float) -> str:
    return f"{1795255200 + seconds:.6f}"


def at(seconds: float) -> str:
    return (datetime.fromtimestamp(1795255200, UTC) + timedelta(seconds=seconds)).isoformat()


def theirs(id_: str, html: str, seconds: float, **more: Any) -> dict[str, Any]:
    """A customer's message as Pylon tells it."""
    author = {"name": "Ada", "contact": {"id": "con_ada", "email": "ada@customer.example"}}
    return {"id": id_, "message_html": html, "timestamp": at(seconds), "author": author, **more}


def issue(seconds: float, **more: Any) -> dict[str, Any]:
    """The issue as it stands so many seconds after its start."""
    return {"id": ISSUE, "number": 7, "title": "Export", "state": "new", "created_at": at(1), "updated_at": at(seconds),
            "link": "https://app.usepylon.com/issues?issueNumber=7", "account": {"id": "acc_1"}, **more}  # fmt: skip


SECOND = "C0SECOND"
MAILED = "9e9e"
MAIL = "Since Monday the dashboard takes a minute to load."
SLACK_ROOT = {"slack": {"channel_id": CHANNEL, "message_ts": ROOT}}
OPENING = theirs("m1", "<p>The export stops at 1,000 rows.</p>", 1)
REPLY = theirs("m2", "<p>Only the CSV one.</p>", 61)
GROUPED = theirs("m3", "<p>By the way: the <b>invoice</b> is wrong too.</p>", 181)


@dataclass(frozen=True)
class Snapshot:
    """What Pylon's API says at a moment, and the trigger that made us ask."""

    seconds: float
    issue: dict[str, Any]
    messages: tuple[dict[str, Any], ...]
    threads: tuple[dict[str, Any], ...] = ()

    def arrive(self, line: Line) -> None:
        """The trigger comes when Pylon is in this state, and is worked through."""
        line.clock.now = datetime.fromtimestamp(1795255200, UTC) + timedelta(seconds=self.seconds)
        self._trigger(line)
        line.clock.now += timedelta(days=1)
        line.run()

    def tell(self, line: Line) -> None:
        """The trigger comes now, and is worked through at once."""
        self._trigger(line)
        line.run()

    def _trigger(self, line: Line) -> None:
        key = self.issue["id"]
        line.answers.findings = {
            Lookup("issue", key): self.issue,
            Lookup("messages", key): {"messages": list(self.messages)},
            Lookup("threads", key): {"threads": list(self.threads)},
        }
        line.pylon({"event": "issue.updated", "issue_id": key})


EARLY = Snapshot(10, issue(10), (OPENING,))
LINKED = Snapshot(70, issue(70, **SLACK_ROOT), (OPENING, REPLY))
CLOSED = Snapshot(200, issue(200, state="closed", **SLACK_ROOT), (OPENING, REPLY, GROUPED))


def said_in_slack(event: dict[str, Any], event_id: str) -> Callable[[Line], None]:
    def arrive(line: Line) -> None:
        line.slack(event, event_id)
        line.clock.advance(days=1)
        line.run()

    return arrive


def accounts_are_read(line: Line, *more: KnownChannel) -> None:
    """Pylon's accounts become known, if that is due: which Slack channels are whose, by default two of one account."""

    class Globex:
        def page(self, _access: Access, _cursor: str | None) -> tuple[tuple[KnownAccount, ...], str | None]:
            usual = (KnownChannel(CHANNEL), KnownChannel(SECOND), KnownChannel("C0TRIAGE", is_internal=True))
            return (KnownAccount("acc_1", "Globex", more or usual),), None

    step = Accounts(
        database=line.database, books={"pylon": Globex()}, access=StoredAccess(line.database), clock=line.clock
    )
    while step.run().done:
        pass


STORY: tuple[Callable[[Line], None], ...] = (
    said_in_slack(message("The export stops at 1,000 rows.", ROOT), "Ev1"),
    said_in_slack(edited("The export stops at 10,000 rows.", ts(40), ts=ROOT), "Ev2"),
    said_in_slack(message("Only the CSV one.", ts(60), thread_ts=ROOT), "Ev3"),
    said_in_slack(message("By the way: the *invoice* is wrong too.", ts(180)), "Ev4"),
    EARLY.arrive,
    LINKED.arrive,
    CLOSED.arrive,
)
"""Two messages in a thread (one of them edited), a third beside it, and three states of the issue that holds them."""

TWICE: tuple[Callable[[Line], None], ...] = (
    said_in_slack(message(MAIL, ts(400), channel=SECOND), "Ev5"),
    Snapshot(
        600,
        issue(600, id=MAILED, number=8, title="Slow", source="email", body_html=f"<p>{MAIL}</p>", created_at=at(590)),
        (theirs("m9", f"<div>{MAIL}</div>", 590),),
    ).arrive,
    accounts_are_read,
)
"""The same words in another channel of the account and, three minutes later, by e-mail; and whose channel it is."""
