"""When a signal may be told to anybody: at once, or when its copy from the other source had the time to come."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from db import ConversationVerdict, DirectoryEntry, Integration
from pipeline.pairs.hold_off import HOLD_OFF, may_be_told_at
from tests.pipeline.conftest import CHANNEL, Line, message
from tests.pipeline.pylon_story import LINKED, ROOT, SLACK_ROOT, Snapshot, issue, theirs

ELSEWHERE = "C0ELSEWHERE"


def known(line: Line, *, watched: str | None = CHANNEL, heard: str | None = CHANNEL) -> None:
    """Pylon's accounts name the channel; the app is in it."""
    with line.database.write() as session:
        if watched is not None:
            session.add(DirectoryEntry(integration_id=line.pylon_integration_id, kind="channel_account", ref=watched))
        if heard is not None:
            facts = {"is_member": True}
            session.add(
                DirectoryEntry(integration_id=line.slack_integration_id, kind="channel", ref=heard, facts=facts)
            )


def in_slack(line: Line, text: str = "The export stops at 1,000 rows.", ts: str = ROOT, **more: Any) -> None:
    line.slack(message(text, ts, **more), f"Ev{ts}")
    line.run()


def in_pylon(line: Line, **more: Any) -> None:
    """The issue with its opening, as Pylon tells it at this moment."""
    Snapshot(10, issue(10, **more), (theirs("m1", "<p>The export stops at 1,000 rows.</p>", 1),)).tell(line)


def waits(line: Line) -> list[bool]:
    """Of each signal, in the order of their coming."""
    signals = line.signals()
    with line.database.read() as session:
        moments = may_be_told_at(session, line.workspace_id, signals)
    assert all(moments[each.id] in (each.created_at, each.created_at + HOLD_OFF) for each in signals)
    return [moments[each.id] > each.created_at for each in signals]


@pytest.mark.parametrize(
    ("arrive", "places", "expected"),
    [
        (in_slack, {}, [True]),
        (in_slack, {"watched": None}, [False]),
        (in_slack, {"watched": ELSEWHERE}, [False]),
        (in_slack, {"heard": None}, [True]),
        (lambda line: in_pylon(line, **SLACK_ROOT), {}, [True]),
        (lambda line: in_pylon(line, **SLACK_ROOT), {"watched": None}, [True]),
        (lambda line: in_pylon(line, **SLACK_ROOT), {"heard": None}, [False]),
        (lambda line: in_pylon(line, source="slack"), {"watched": None, "heard": None}, [True]),
        (lambda line: in_pylon(line, source="chat_widget"), {"watched": None, "heard": None}, [True]),
        (lambda line: in_pylon(line, source="email"), {}, [False]),
        (in_pylon, {}, [False]),
        (lambda line: line.generic({"verbatim": "It stops."}) and line.run(), {}, [False]),
    ],
)
def test_only_what_is_known_to_come_twice_waits(
    line: Line, arrive: Callable[[Line], object], places: dict[str, str | None], expected: list[bool]
) -> None:
    known(line, **places)
    arrive(line)
    assert waits(line) == expected


def test_a_channel_that_pylon_told_of_before_is_known_without_its_accounts(line: Line) -> None:
    LINKED.arrive(line)
    in_slack(line, "And the invoice is wrong.", "1795259999.000100")
    assert waits(line)[-1]


def test_a_pair_need_not_wait(line: Line) -> None:
    known(line)
    in_slack(line)
    in_pylon(line, **SLACK_ROOT)
    assert waits(line) == [False, False]


def test_what_a_person_keeps_apart_need_not_wait(line: Line) -> None:
    known(line)
    in_slack(line)
    with line.database.write() as session:
        session.add(
            ConversationVerdict(workspace_id=line.workspace_id, kind="pylon_issue", ref="2f1c",
                                other_kind="slack_thread", other_ref=f"{CHANNEL}:{ROOT}", verdict="different")
        )  # fmt: skip
    assert waits(line) == [False]


@pytest.mark.parametrize("platform", ["slack", "pylon"])
def test_a_connection_that_hears_nothing_is_not_waited_for(line: Line, platform: str) -> None:
    known(line)
    in_slack(line)
    of = line.slack_integration_id if platform == "slack" else line.pylon_integration_id
    with line.database.write() as session:
        session.get_one(Integration, of).is_active = False
    assert waits(line) == [False]


def test_the_hold_off_is_short() -> None:
    assert timedelta(minutes=1) < HOLD_OFF < timedelta(minutes=10)
