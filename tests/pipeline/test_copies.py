"""One conversation from two sources: any interleaving of the copies ends in the same conversation, counted once."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from db import Conversation, ConversationLink, ConversationVerdict, Event, Signal, SignalCopy
from tests.pipeline.conftest import CHANNEL, Line, edited, message
from tests.pipeline.pylon_story import (
    CLOSED,
    EARLY,
    LINKED,
    ROOT,
    SLACK_ROOT,
    STORY,
    Snapshot,
    issue,
    said_in_slack,
    theirs,
    ts,
)

ONE = {f"slack {CHANNEL}:{ROOT}", f"slack {CHANNEL}:{ts(60)}", "pylon 2f1c", "pylon 2f1c:m2", "pylon 2f1c:m3"}
BESIDE = {f"slack {CHANNEL}:{ts(180)}"}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(STORY), again=st.lists(st.sampled_from(STORY), max_size=3))
def test_any_interleaving_ends_the_same(
    line: Line, order: Sequence[Callable[[Line], None]], again: Sequence[Callable[[Line], None]]
) -> None:
    forget_everything(line)
    for arrive in (*order, *again):
        arrive(line)
    assert conversations(line) == sorted([sorted(ONE), sorted(BESIDE)])
    assert copies(line) == {
        ("pylon 2f1c", f"slack {CHANNEL}:{ROOT}"),
        ("pylon 2f1c:m2", f"slack {CHANNEL}:{ts(60)}"),
        ("pylon 2f1c:m3", f"slack {CHANNEL}:{ts(180)}"),
    }
    assert suggestions(line) == [("2f1c", f"{CHANNEL}:{ts(180)}", "suggested")]
    assert [(row.title, row.state) for row in described(line)] == [("Export", "closed")]
    words = {signal.source_ref: signal.verbatim for signal in line.signals() if signal.source == "slack"}
    assert words[f"{CHANNEL}:{ROOT}"] == "The export stops at 10,000 rows."
    assert not any(signal.deleted_at for signal in line.signals())


@pytest.mark.parametrize("verdict", ["different", "same"])
def test_a_persons_word_outlives_the_guess(line: Line, verdict: str) -> None:
    with line.database.write() as session:
        session.add(
            ConversationVerdict(workspace_id=line.workspace_id, kind="pylon_issue", ref="2f1c",
                                other_kind="slack_thread", other_ref=f"{CHANNEL}:{ts(180)}", verdict=verdict)
        )  # fmt: skip
    for arrive in STORY:
        arrive(line)
    assert suggestions(line) == [("2f1c", f"{CHANNEL}:{ts(180)}", verdict)]
    is_copy = ("pylon 2f1c:m3", f"slack {CHANNEL}:{ts(180)}") in copies(line)
    assert is_copy == (verdict == "same")


def test_without_pylon_nothing_is_compared(line: Line) -> None:
    for arrive in STORY[:4]:
        arrive(line)
    assert copies(line) == set()
    assert suggestions(line) == []


def test_a_guess_goes_when_the_words_change(line: Line) -> None:
    for arrive in (*STORY[:4], EARLY.arrive, LINKED.arrive, CLOSED.arrive):
        arrive(line)
    with line.database.write() as session:
        session.execute(delete(Signal).where(Signal.source_ref == f"{CHANNEL}:{ts(180)}"))
    CLOSED.arrive(line)
    assert suggestions(line) == []


@pytest.mark.parametrize("is_pylon_first", [True, False])
@pytest.mark.parametrize(
    ("root", "opening", "hidden"),
    [
        ("Thanks!", "<p>Thanks!</p>", {f"slack {CHANNEL}:{ROOT}", "pylon 2f1c"}),
        ("Hi!", "<p>Hi!<br>The export stops at 1,000 rows.</p>", {f"slack {CHANNEL}:{ROOT}"}),
        ("The export stops.", "<p>Thanks!</p>", {"pylon 2f1c"}),
    ],
)
def test_small_talk_and_its_copy_hide_nothing_that_was_said(
    line: Line, root: str, opening: str, hidden: set[str], *, is_pylon_first: bool
) -> None:
    told = Snapshot(70, issue(70, **SLACK_ROOT), (theirs("m1", opening, 1),))
    arrivals = [said_in_slack(message(root, ROOT), "Ev1"), told.arrive]
    for arrive in reversed(arrivals) if is_pylon_first else arrivals:
        arrive(line)
    copied = {copy for copy, _ in copies(line)}
    trivial = {f"{signal.source} {signal.source_ref}" for signal in line.signals() if signal.is_trivial}
    assert copied | trivial == hidden


def test_words_that_were_edited_into_small_talk_keep_their_copy(line: Line) -> None:
    for arrive in STORY[4:]:
        arrive(line)
    said_in_slack(message("The export stops at 1,000 rows.", ROOT), "Ev1")(line)
    said_in_slack(edited("ok", ts(40), ts=ROOT), "Ev2")(line)
    assert ("pylon 2f1c", f"slack {CHANNEL}:{ROOT}") in copies(line)


def forget_everything(line: Line) -> None:
    with line.database.write() as session:
        for model in (SignalCopy, ConversationVerdict, Signal, ConversationLink, Conversation, Event):
            session.execute(delete(model))


def conversations(line: Line) -> list[list[str]]:
    """Who belongs together, by source and ref."""
    by_id: dict[str | None, list[str]] = {}
    for signal in line.signals():
        by_id.setdefault(signal.conversation_id, []).append(f"{signal.source} {signal.source_ref}")
    return sorted(sorted(refs) for refs in by_id.values())


def copies(line: Line) -> set[tuple[str, str]]:
    names = {signal.id: f"{signal.source} {signal.source_ref}" for signal in line.signals()}
    with line.database.read() as session:
        return {(names[row.signal_id], names[row.original_id]) for row in session.scalars(select(SignalCopy))}


def suggestions(line: Line) -> list[tuple[str, str, str]]:
    with line.database.read() as session:
        rows = session.scalars(select(ConversationVerdict)).all()
        return [(row.ref, row.other_ref, row.verdict) for row in rows]


def described(line: Line) -> list[Conversation]:
    with line.database.read() as session:
        return list(session.scalars(select(Conversation).where(Conversation.source_version.is_not(None))))
