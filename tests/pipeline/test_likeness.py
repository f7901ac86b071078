"""Which message is a copy of which: a table of pairs, and that the order of the messages never matters."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from pipeline.pairs.likeness import Said, likenesses, plain
from tests.conftest import NOW


def said(
    id_: str, text: str = "The export stops.", seconds: float = 0, people: str = "", name: str | None = None
) -> Said:
    known = frozenset(people.split())
    return Said(id_, plain(text), NOW + timedelta(seconds=seconds), known, plain(name) if name else None)


@pytest.mark.parametrize(
    ("copy", "original", "score"),
    [
        (said("p", people="mail:ada"), said("s", people="mail:ada"), 1.0),
        (said("p", seconds=300, people="slack:U1"), said("s", people="slack:U1"), 0.9),
        (said("p", seconds=300), said("s"), 0.7),
        (said("p", seconds=300, name="Ada"), said("s", name="ada "), 0.9),
        (said("p", seconds=300, name="Ada"), said("s", name="Bob"), None),
        (said("p", seconds=5, name="Ada L."), said("s", name="Ada"), 0.6),
        (said("p", seconds=601), said("s"), None),
        (said("p", "Something else", 5, "mail:ada"), said("s", people="mail:ada"), 0.7),
        (said("p", "Something else", 11, "mail:ada"), said("s", people="mail:ada"), None),
        (said("p", "Something else", 5), said("s"), None),
        (said("p", "???"), said("s", "!!!"), None),
    ],
)
def test_pairs(copy: Said, original: Said, score: float | None) -> None:
    found = likenesses([copy], [original])
    assert [each.score for each in found] == ([] if score is None else [score])


def test_what_says_something_is_no_copy_of_small_talk() -> None:
    """Small talk is hidden, and so are copies: together they would hide the words."""
    thanks = replace(said("s", "Thanks!", people="mail:ada"), is_small_talk=True)
    words = said("p", "The export stops.", 3, "mail:ada")
    assert likenesses([words], [thanks]) == []
    assert likenesses([words], [replace(thanks, is_small_talk=False)]) != []
    assert likenesses([said("p", "Thanks!", 3)], [thanks]) != [], "the same words are the same, whoever marked them"


@pytest.mark.parametrize(
    ("slack", "pylon"),
    [
        ("The *export* stops at <https://acme.example/x|this page>!", "The export stops at (https://acme.example/x)"),
        ("<@U1> could you look?", "@Kim could you look?"),
        ("Größe ﬁnden", "grösse finden"),
        ("輸出が止まります。", "輸出が止まります"),
    ],
)
def test_both_sources_say_the_same_in_their_own_markup(slack: str, pylon: str) -> None:
    without = plain(slack).replace("this page", "").strip()
    assert without == plain(pylon).replace("this page", "").strip()


def test_each_message_is_in_one_pair_and_the_nearest_wins() -> None:
    copies = [said("p1", "ok", 1), said("p2", "ok", 61)]
    originals = [said("s1", "ok", 0), said("s2", "ok", 60)]
    assert [(each.copy, each.original) for each in likenesses(copies, originals)] == [("p1", "s1"), ("p2", "s2")]


def test_what_a_person_refused_is_not_found() -> None:
    assert likenesses([said("p")], [said("s")], refused=lambda copy, original: (copy, original) == ("p", "s")) == []


def test_any_order_finds_the_same() -> None:
    chance = random.Random(4)
    words = ["ok", "thanks", "The export stops", "It works now"]
    copies = [said(f"p{n}", chance.choice(words), chance.randrange(900)) for n in range(30)]
    originals = [said(f"s{n}", chance.choice(words), chance.randrange(900)) for n in range(30)]
    first = likenesses(copies, originals)
    assert len(first) > 10
    for _ in range(20):
        chance.shuffle(copies)
        chance.shuffle(originals)
        assert likenesses(copies, originals) == first
