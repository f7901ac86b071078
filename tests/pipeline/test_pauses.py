"""Pauses as rows: kept by every process, for one owner and endpoint, and only ever lengthened."""

from db import Database
from pipeline.pauses import StoredPauses
from tests.conftest import StillClock


def test_a_pause_holds_for_everybody_until_it_is_over(database: Database, clock: StillClock) -> None:
    here, there = StoredPauses(database, clock), StoredPauses(database, clock)
    here.pause("int_1", "users.info", 30)
    assert there.remaining("int_1", "users.info") == 30
    assert there.remaining("int_2", "users.info") == there.remaining("int_1", "team.info") == 0
    clock.advance(seconds=31)
    assert there.remaining("int_1", "users.info") == 0


def test_a_shorter_pause_does_not_end_a_longer_one(database: Database, clock: StillClock) -> None:
    pauses = StoredPauses(database, clock)
    pauses.pause("int_1", "users.info", 30)
    pauses.pause("int_1", "users.info", 5)
    assert pauses.remaining("int_1", "users.info") == 30
    pauses.pause("int_1", "users.info", 60)
    assert pauses.remaining("int_1", "users.info") == 60
