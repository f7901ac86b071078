"""What the digest tells of words that come through Slack and through Pylon: once, whichever is first."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import update

from db import Signal
from pipeline import news
from pipeline.digest import Digests
from pipeline.pairs.hold_off import HOLD_OFF
from tests.pipeline.conftest import CHANNEL, Line, deleted, message
from tests.pipeline.pylon_story import OPENING, ROOT, SLACK_ROOT, Snapshot, issue
from tests.pipeline.test_digest import EIGHT, Posted, digests, duties, posted
from tests.pipeline.test_hold_off import known

__all__ = ["digests", "posted"]

WORDS = "The export stops at 1,000 rows."


def in_slack(line: Line) -> None:
    line.slack(message(WORDS, ROOT), "Ev1")
    line.run()


def in_pylon(line: Line) -> None:
    Snapshot(10, issue(10, source="slack", **SLACK_ROOT), (OPENING,)).tell(line)


BOTH_ORDERS = pytest.mark.parametrize("arrivals", [(in_slack, in_pylon), (in_pylon, in_slack)])
Arrivals = Sequence[Callable[[Line], None]]


def told(posted: Posted) -> list[list[str]]:
    """The words of each digest."""
    return [[brief.words for brief in digest.briefs] for _, digest in posted.digests]


@BOTH_ORDERS
@pytest.mark.parametrize("seconds", [1, 60, 119])
@pytest.mark.parametrize("is_known", [True, False])
def test_a_text_on_both_sides_of_a_digest_is_told_once(
    line: Line, digests: Digests, posted: Posted, *, arrivals: Arrivals, seconds: int, is_known: bool
) -> None:
    first, second = arrivals
    if is_known:
        known(line)
    digests.run()
    line.clock.now = EIGHT - timedelta(seconds=10)
    first(line)
    line.clock.now = EIGHT
    digests.run()
    assert is_known == (posted.digests == []), "it waits for its copy, where one is known to come"
    line.clock.now = EIGHT + timedelta(seconds=seconds)
    second(line)
    line.clock.now = EIGHT + timedelta(days=1)
    digests.run()
    line.clock.now = EIGHT + timedelta(days=2)
    digests.run()
    assert told(posted) == [[WORDS]]


@BOTH_ORDERS
def test_a_copy_that_comes_hours_later_is_not_told_again(
    line: Line, digests: Digests, posted: Posted, arrivals: Arrivals
) -> None:
    first, second = arrivals
    known(line)
    digests.run()
    line.clock.now = EIGHT - timedelta(minutes=5)
    first(line)
    line.clock.now = EIGHT
    digests.run()
    line.clock.now = EIGHT + timedelta(hours=3)
    second(line)
    line.clock.now = EIGHT + timedelta(days=1)
    digests.run()
    assert told(posted) == [[WORDS]]


@BOTH_ORDERS
def test_a_pair_that_is_whole_before_the_digest_is_told_at_once(
    line: Line, digests: Digests, posted: Posted, arrivals: Arrivals
) -> None:
    known(line)
    digests.run()
    line.clock.now = EIGHT - timedelta(seconds=20)
    for arrive in arrivals:
        arrive(line)
    line.clock.now = EIGHT
    digests.run()
    assert told(posted) == [[WORDS]]


def test_words_whose_copy_never_comes_are_told_the_next_time(line: Line, digests: Digests, posted: Posted) -> None:
    known(line)
    digests.run()
    line.clock.now = EIGHT - timedelta(seconds=1)
    in_slack(line)
    for days in range(3):
        line.clock.now = EIGHT + timedelta(days=days)
        digests.run()
        assert told(posted) == ([] if days == 0 else [[WORDS]])


def test_other_words_never_wait(line: Line, digests: Digests, posted: Posted) -> None:
    known(line)
    digests.run()
    line.clock.now = EIGHT - timedelta(seconds=1)
    in_slack(line)
    line.generic({"verbatim": "It stops."})
    line.slack(message("The label is cut off.", "1795255300.000100", channel="C0ELSEWHERE"), "Ev2")
    line.run()
    line.clock.now = EIGHT
    digests.run()
    assert [sorted(words) for words in told(posted)] == [["It stops.", "The label is cut off."]]


def test_what_is_kept_back_is_forgotten_when_it_is_deleted_meanwhile(
    line: Line, digests: Digests, posted: Posted
) -> None:
    known(line)
    digests.run()
    line.clock.now = EIGHT - timedelta(seconds=1)
    in_slack(line)
    line.clock.now = EIGHT
    digests.run()
    assert len(duties(line)[0].cursor["kept_back"]) == 1
    line.slack(deleted("1795255260.000100", ROOT), "Ev2")
    line.run()
    line.clock.now = EIGHT + timedelta(days=1)
    digests.run()
    assert told(posted) == []
    assert duties(line)[0].cursor["kept_back"] == []


def test_a_crash_keeps_what_was_kept_back(line: Line, digests: Digests, posted: Posted) -> None:
    known(line)
    digests.run()
    line.clock.now = EIGHT - timedelta(seconds=1)
    in_slack(line)
    line.clock.now = EIGHT
    digests.run()
    line.clock.now = EIGHT + timedelta(days=1)
    posted.before = _die
    with pytest.raises(KeyboardInterrupt):
        digests.run()
    posted.before = lambda: None
    for days in (1, 2):
        line.clock.now = EIGHT + timedelta(days=days, minutes=5)
        digests.run()
    assert told(posted) == [[WORDS]]


def test_small_talk_that_was_not_told_hides_nothing(line: Line, digests: Digests, posted: Posted) -> None:
    """The copy came first and was taken for small talk: what it copies was never told."""
    digests.run()
    line.clock.now = EIGHT - timedelta(minutes=5)
    in_pylon(line)
    with line.database.write() as session:
        session.execute(update(Signal).values(is_trivial=True))
    line.clock.now = EIGHT
    digests.run()
    line.clock.now = EIGHT + timedelta(minutes=5)
    in_slack(line)
    line.clock.now = EIGHT + timedelta(days=1)
    digests.run()
    assert told(posted) == [[WORDS]]


def test_only_so_many_are_kept_back(
    line: Line, digests: Digests, posted: Posted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "MOST_KEPT_BACK", 2)
    known(line)
    digests.run()
    line.clock.now = EIGHT - HOLD_OFF + timedelta(seconds=30)
    for number in range(3):
        line.slack(message(f"Row {number} is lost.", f"1795255{number}00.000100", channel=CHANNEL), f"Ev{number}")
        line.run()
        line.clock.advance(seconds=1)
    line.clock.now = EIGHT
    digests.run()
    line.clock.now = EIGHT + timedelta(days=1)
    digests.run()
    assert [sorted(words) for words in told(posted)] == [["Row 0 is lost."], ["Row 1 is lost.", "Row 2 is lost."]]


def _die() -> None:
    raise KeyboardInterrupt
