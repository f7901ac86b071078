"""One conversation from two sources: any interleaving of the copies ends in the same conversation, counted once."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from core.accounts import KnownChannel
from db import Conversation, ConversationLink, ConversationVerdict, DirectoryEntry, Duty, Event, Signal, SignalCopy
from pipeline.pairs.verdicts import say_different
from tests.pipeline.conftest import CHANNEL, Line, edited, message
from tests.pipeline.pylon_story import (
    CLOSED,
    EARLY,
    LINKED,
    MAIL,
    MAILED,
    ROOT,
    SECOND,
    SLACK_ROOT,
    STORY,
    TWICE,
    Snapshot,
    accounts_are_read,
    at,
    issue,
    said_in_slack,
    theirs,
    ts,
)

ONE = {f"slack {CHANNEL}:{ROOT}", f"slack {CHANNEL}:{ts(60)}", "pylon 2f1c", "pylon 2f1c:m2", "pylon 2f1c:m3"}
BESIDE = {f"slack {CHANNEL}:{ts(180)}"}
IN_SECOND, BY_MAIL = {f"slack {SECOND}:{ts(400)}"}, {f"pylon {MAILED}"}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(STORY + TWICE), again=st.lists(st.sampled_from(STORY + TWICE), max_size=3))
def test_any_interleaving_ends_the_same(
    line: Line, order: Sequence[Callable[[Line], None]], again: Sequence[Callable[[Line], None]]
) -> None:
    forget_everything(line)
    for arrive in (*order, *again):
        arrive(line)
    assert conversations(line) == sorted(sorted(each) for each in (ONE, BESIDE, IN_SECOND, BY_MAIL))
    assert copies(line) == {
        (f"pylon {MAILED}", f"slack {SECOND}:{ts(400)}"),
        ("pylon 2f1c", f"slack {CHANNEL}:{ROOT}"),
        ("pylon 2f1c:m2", f"slack {CHANNEL}:{ts(60)}"),
        ("pylon 2f1c:m3", f"slack {CHANNEL}:{ts(180)}"),
    }
    assert suggestions(line) == [
        ("2f1c", f"{CHANNEL}:{ts(180)}", "suggested"),
        (MAILED, f"{SECOND}:{ts(400)}", "suggested"),
    ]
    assert [(row.title, row.state) for row in described(line)] == [("Export", "closed"), ("Slow", "new")]
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


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_a_person_keeps_apart_stays_apart(line: Line, order: tuple[int, ...]) -> None:
    for place in order:
        TWICE[place](line)
    assert copies(line) == {(f"pylon {MAILED}", f"slack {SECOND}:{ts(400)}")}
    ids = {signal.source: signal.conversation_id or "" for signal in line.signals()}
    with line.database.write() as session:
        say_different(session, line.workspace_id, (ids["slack"], ids["pylon"]), by=None, now=line.clock())
    for place in order:
        TWICE[place](line)
    assert copies(line) == set()
    assert suggestions(line) == [(MAILED, f"{SECOND}:{ts(400)}", "different")]


OTHER_ORDER = "Since Monday the order 4711 takes a minute to load."


@pytest.mark.parametrize("is_pylon_first", [True, False])
@pytest.mark.parametrize(
    ("words", "more", "seconds", "score"),
    [
        (MAIL, {}, 590, 0.7),
        (f"Hi! {MAIL}", {}, 590, None),
        (f"Hi! {MAIL}", {}, 405, 0.6),
        (f"Hi! {MAIL}", {"slack_users": ["U0CUST"], "account": {}}, 590, 0.7),
        (MAIL, {"slack_users": ["U0CUST"], "account": {}}, 590, 0.9),
        (MAIL, {"slack_users": ["U0OTHER"], "account": {}}, 590, None),
        (MAIL, {"account": {}}, 590, None),
        (MAIL, {"account": {"id": "acc_2"}}, 590, None),
        (MAIL, {}, 1001, None),
        (OTHER_ORDER.replace("4711", "4712"), {"said": OTHER_ORDER, "slack_users": ["U0CUST"]}, 590, None),
        ("Please see my mail.", {"slack_users": ["U0CUST"]}, 401, None),
        (MAIL, {"account": {}, "source": "slack", "slack": {"channel_id": SECOND, "message_ts": "1"}}, 590, 0.7),
        ("??", {"source": "slack", "slack_users": ["U0CUST"]}, 401, 0.7),
    ],
)  # fmt: skip
def test_an_issue_without_a_thread_finds_it_by_account_person_time_and_words(
    line: Line, words: str, more: dict[str, Any], seconds: float, score: float | None, *, is_pylon_first: bool
) -> None:
    accounts_are_read(line)
    more = dict(more)
    with line.database.write() as session:
        facts = {"slack_user_ids": more.pop("slack_users", [])}
        entry = {"integration_id": line.pylon_integration_id, "kind": "contact", "ref": "con_ada", "facts": facts}
        session.add(DirectoryEntry(**entry, fetched_at=line.clock(), expires_at=line.clock.now + timedelta(days=90)))
    said = said_in_slack(message(more.pop("said", MAIL), ts(400), channel=SECOND), "Ev5")
    told = issue(seconds, id=MAILED, created_at=at(seconds), **{"source": "email"} | more)
    arrivals = [said, Snapshot(seconds, told, (theirs("m9", words, seconds),)).arrive]
    for arrive in reversed(arrivals) if is_pylon_first else arrivals:
        arrive(line)
    assert len(copies(line)) == (score is not None)
    with line.database.read() as session:
        assert session.scalars(select(ConversationVerdict.score)).all() == ([] if score is None else [score])


def test_a_guess_goes_when_the_thread_turns_out_to_be_another_issues(line: Line) -> None:
    for arrive in TWICE:
        arrive(line)
    root = {"slack": {"channel_id": SECOND, "message_ts": ts(400)}}
    Snapshot(700, issue(700, **root), (theirs("m1", MAIL, 401),)).arrive(line)
    assert copies(line) == {("pylon 2f1c:m1", f"slack {SECOND}:{ts(400)}")}
    assert suggestions(line) == []


@pytest.mark.parametrize("is_known_first", [True, False])
def test_what_a_mirror_says_is_nobodys_original(line: Line, *, is_known_first: bool) -> None:
    """Also if it was captured before anybody could know that it is a copy: the issue's words count then."""

    def the_mirror_is_known(line: Line) -> None:
        accounts_are_read(line, KnownChannel(CHANNEL, mirror=SECOND))

    arrivals = [the_mirror_is_known, *TWICE[:2]]
    if not is_known_first:
        accounts_are_read(line)
        line.clock.advance(days=1)
        arrivals = [*TWICE[:2], the_mirror_is_known]
    for arrive in arrivals:
        arrive(line)
    assert (copies(line), suggestions(line)) == (set(), [])
    assert [signal.source for signal in line.signals() if not signal.deleted_at] == ["pylon"]


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
        rows = (SignalCopy, ConversationVerdict, Signal, ConversationLink, Conversation, Event, DirectoryEntry, Duty)
        for model in rows:
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
        rows = session.scalars(select(ConversationVerdict).order_by(ConversationVerdict.ref)).all()
        return [(row.ref, row.other_ref, row.verdict) for row in rows]


def described(line: Line) -> list[Conversation]:
    with line.database.read() as session:
        query = select(Conversation).where(Conversation.source_version.is_not(None)).order_by(Conversation.title)
        return list(session.scalars(query))
