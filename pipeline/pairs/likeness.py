"""Which message is a copy of which: one customer's words that reach us through Slack and again through Pylon.

Pylon's messages carry no Slack ``ts``, so all but an issue's first are matched by who said what, when. Pure, and the
same whatever order the messages are given in.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

SAME_MOMENT = timedelta(seconds=10)
SAME_TEXT_WITHIN = timedelta(minutes=10)
ENOUGH = 0.6
SHARE, FEWEST_SHARED = 0.8, 4
"""How many of all their words two similar texts have in common, and how many at least."""
_LINK = re.compile(r"<?https?://[^\s>|]+(?:\|[^>]*)?>?|\(https?://[^\s)]+\)")
_NOT_WORDS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Said:
    """A message as far as likeness goes. ``plain``: its words as `plain` leaves them; ``people``: every id and address
    that we know its author by; ``name``: as `plain` leaves it; ``is_small_talk``: it says nothing of its own, and never
    said more; ``is_elsewhere``: it came by e-mail, a form or a chat widget, so that only its words can show that
    somebody put it into Slack as well.
    """

    id: str
    plain: str
    said_at: datetime
    people: frozenset[str] = frozenset()
    name: str | None = None
    is_small_talk: bool = False
    is_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Likeness:
    """A copy and its original, how sure that is (0 to 1), and why, as slugs."""

    copy: str
    original: str
    score: float
    reasons: tuple[str, ...]


def likenesses(
    copies: Collection[Said], originals: Collection[Said], *, refused: Callable[[str, str], bool] = lambda *_: False
) -> list[Likeness]:
    """The best pairs, each message in at most one. ``refused(copy, original)``: a person said that they differ."""
    found = [
        (likeness, abs(copy.said_at - original.said_at))
        for copy, original in _near_in_time(copies, originals)
        if not refused(copy.id, original.id)
        if (likeness := _likeness(copy, original)) is not None
    ]
    best_first = sorted(found, key=lambda pair: (-pair[0].score, pair[1], pair[0].copy, pair[0].original))
    return list(_one_to_one(likeness for likeness, _ in best_first))


def plain(text: str) -> str:
    """The words alone: no markup, mentions, links, case or punctuation, so that Slack's text and Pylon's HTML agree."""
    without_links = _LINK.sub(" ", text)
    without_mentions = re.sub(r"<[@#!][^>]*>|@\w+", " ", without_links)
    return _NOT_WORDS.sub(" ", unicodedata.normalize("NFKC", without_mentions).casefold()).strip()


def _near_in_time(copies: Iterable[Said], originals: Iterable[Said]) -> Iterator[tuple[Said, Said]]:
    """The pairs that may be alike at all; without it a long conversation would be compared with all of another."""
    by_time = sorted(originals, key=lambda said: (said.said_at, said.id))
    times = [said.said_at for said in by_time]
    for copy in copies:
        start = bisect_left(times, copy.said_at - SAME_TEXT_WITHIN)
        end = bisect_right(times, copy.said_at + SAME_TEXT_WITHIN)
        yield from ((copy, original) for original in by_time[start:end])


def _likeness(copy: Said, original: Said) -> Likeness | None:
    apart = abs(copy.said_at - original.said_at)
    same_text = copy.plain == original.plain != ""
    if not same_text and _says_more(copy, original):
        return None
    same_person = _same_person(copy, original)
    if same_person is False and not same_text:
        return None
    reasons, score = [], 0.0
    if same_text:
        reasons, score = ["same_text"], 0.7 if same_person is not False else 0.5
    elif _similar(copy.plain, original.plain):
        reasons, score = ["similar_text"], 0.5
    elif copy.is_elsewhere:
        return None
    if same_person:
        reasons, score = [*reasons, "same_person"], score + 0.2
    if apart <= SAME_MOMENT:
        reasons, score = [*reasons, "same_moment"], score + (0.1 if reasons and "text" in reasons[0] else 0.5)
    return Likeness(copy.id, original.id, round(score, 2), tuple(reasons)) if score >= ENOUGH else None


def _similar(one: str, other: str) -> bool:
    """Whether they share four words of five, and every number: an e-mail's greeting or footer does not matter, but an
    order's number does.
    """
    words, others = set(one.split()), set(other.split())
    if len(words & others) < FEWEST_SHARED or len(words & others) < SHARE * len(words | others):
        return False
    return not any(character.isdigit() for word in words ^ others for character in word)


def _says_more(copy: Said, original: Said) -> bool:
    """Whether the copy's words would go unseen for a "hi" that is not what they say."""
    return original.is_small_talk and not copy.is_small_talk


def _same_person(copy: Said, original: Said) -> bool | None:
    """None when neither side says enough to tell."""
    if copy.people & original.people:
        return True
    if copy.name and original.name:
        return copy.name == original.name
    return None


def _one_to_one(best_first: Iterable[Likeness]) -> Iterator[Likeness]:
    taken: set[str] = set()
    for likeness in best_first:
        if not taken & {likeness.copy, likeness.original}:
            taken |= {likeness.copy, likeness.original}
            yield likeness
