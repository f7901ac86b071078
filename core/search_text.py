"""How a search reads texts and queries: the tokens of a text, and the terms of a query.

Words are folded (NFKC, case, accents). Scripts that write no spaces become overlapping pairs: 東京都 is 東京, 京都
and a last 都, so that every character begins exactly one token and any run of them is found as a phrase.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby, pairwise
from typing import NamedTuple

LONGEST_WORD = 64
LONGEST_TEXT = 100_000
MOST_TOKENS = 10_000
MOST_BYTES = 700_000
"""What is indexed of one signal. PostgreSQL holds 16,383 positions and 1 MiB of words."""

LONGEST_QUERY = 1_000
MOST_TERMS = 24
MOST_TOKENS_OF_A_TERM = 24
BREAK = "·"
"""Stands between two texts of one signal: no phrase spans it, and no query can hold it."""

_ASCII_WORD = re.compile(r"[0-9A-Za-z]+")
_STRETCH = re.compile(
    r"(?P<ascii>[\x00-\x7f]+(?:\Z|(?<=[ \t\r\n])(?=[\x00-\x7f])))|.+?(?:(?<=[ \t\r\n])(?=[\x00-\x7f])|\Z)", re.DOTALL
)
"""Cuts a text after blanks, where an ASCII character follows that no mark can be: no word spans such a place."""
_TERM = re.compile(r'(-?)(?:"([^"]*)("?)|([^\s"]+))(\*?)')
_QUOTES = str.maketrans(dict.fromkeys("“”„‟″＂", '"'))
_ACCENTS = re.compile("[\u0300-\u036f]")
_UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i"})
_UNSPACED = (
    (0x0E00, 0x0FFF),  # Thai, Lao, Tibetan
    (0x1000, 0x109F),  # Burmese
    (0x1100, 0x11FF),  # Hangul letters
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),
    (0x3040, 0x31FF),  # kana, bopomofo
    (0x3400, 0x9FFF),  # Han
    (0xAC00, 0xD7FF),  # Hangul, whose words carry their particles
    (0xF900, 0xFAFF),
    (0x20000, 0x3FFFF),
)


class Token(NamedTuple):
    """A folded word or pair and the characters of the text it was made of; ``head`` ends its first character in a
    pair, and the word otherwise.
    """

    text: str
    start: int
    head: int
    end: int


@dataclass(frozen=True, slots=True)
class Term:
    """Tokens that must follow one another; with ``is_prefix`` the last one may go on."""

    tokens: tuple[str, ...]
    is_prefix: bool = False
    is_excluded: bool = False


@dataclass(frozen=True)
class Query:
    """What must and what must not be in a text. It finds nothing when it has no terms."""

    terms: tuple[Term, ...]

    @cached_property
    def wanted(self) -> tuple[Term, ...]:
        """The terms that must be there."""
        return tuple(term for term in self.terms if not term.is_excluded)

    @cached_property
    def excluded(self) -> tuple[Term, ...]:
        """The terms that must not be there."""
        return tuple(term for term in self.terms if term.is_excluded)


class _Unit(NamedTuple):
    """One character with its marks, folded."""

    text: str
    start: int
    end: int


def parse_query(text: str) -> Query:
    """``word``, ``word*``, ``"an exact phrase"``, ``-word``, ``-"a phrase"``; all must hold. Never raises: an open
    quote lasts to the end, punctuation separates, and what exceeds the limits above is left out.
    """
    terms: dict[Term, None] = {}
    for minus, phrase, _, word, star in _TERM.findall(text[:LONGEST_QUERY].translate(_QUOTES)):
        term = _term(phrase or word, is_prefix=bool(star) or word.endswith("*"), is_excluded=bool(minus))
        if term is not None:
            terms[term] = None
    return Query(tuple(terms)[:MOST_TERMS])


def index_tokens(texts: Iterable[str | None]) -> list[str]:
    """The tokens of a signal's texts, in order, with a `BREAK` between the texts."""
    found: list[str] = []
    for text in texts:
        if text:
            found += [BREAK] if found else []
            found += [token.text for token in tokens(text[:LONGEST_TEXT])]
    return _bounded(found)


def folded(text: str) -> str:
    """The text in lower case, without accents: equal for all that a database's ``lower`` makes equal."""
    return text.lower() if text.isascii() else "".join(unit.text for unit in _units(text, 0, len(text)))


def tokens(text: str) -> list[Token]:
    """The text's tokens in order."""
    if text.isascii():
        return [_ascii_word(match) for match in _ASCII_WORD.finditer(text)]
    found: list[Token] = []
    for stretch in _STRETCH.finditer(text):
        if stretch["ascii"] is not None:
            found += map(_ascii_word, _ASCII_WORD.finditer(text, *stretch.span()))
        else:
            found += _any_words(text, *stretch.span())
    return found


def _term(text: str, *, is_prefix: bool, is_excluded: bool) -> Term | None:
    found = tokens(text)
    if not found:
        return None
    if _kind(found[-1].text) == "unspaced":
        # The text may go on after what was asked for, so its last character need not stand alone.
        is_prefix = len(found) == 1 or found[-2].end != found[-1].end
        found = found if is_prefix else found[:-1]
    if len(found) > MOST_TOKENS_OF_A_TERM:
        found, is_prefix = found[:MOST_TOKENS_OF_A_TERM], False
    return Term(tuple(token.text for token in found), is_prefix, is_excluded)


def _bounded(found: list[str]) -> list[str]:
    size = 0
    for number, token in enumerate(found[:MOST_TOKENS]):
        size += len(token) if token.isascii() else len(token.encode())
        if size > MOST_BYTES:
            return found[:number]
    return found[:MOST_TOKENS]


def _any_words(text: str, start: int, stop: int) -> Iterator[Token]:
    """The tokens of a part of a text in any script, character by character."""
    for kind, run in groupby(_units(text, start, stop), key=lambda unit: _kind(unit.text)):
        if kind == "word":
            yield _word(list(run))
        elif kind == "unspaced":
            yield from _pairs(list(run))


def _ascii_word(match: re.Match[str]) -> Token:
    start, end = match.span()
    return Token(match[0][:LONGEST_WORD].lower(), start, end, end)


def _word(run: Sequence[_Unit]) -> Token:
    text = "".join(unit.text for unit in run)
    return Token(text[:LONGEST_WORD], run[0].start, run[-1].end, run[-1].end)


def _pairs(run: Sequence[_Unit]) -> Iterator[Token]:
    for one, next_ in pairwise(run):
        yield Token(one.text + next_.text, one.start, one.end, next_.end)
    yield Token(run[-1].text, run[-1].start, run[-1].end, run[-1].end)


def _units(text: str, start: int, stop: int) -> Iterator[_Unit]:
    """Every character with the marks that follow it. One that folds into several (½, ㍿) is several units."""
    for end in range(start + 1, stop + 1):
        if end < stop and _is_mark(text[end]):
            continue
        folded = _fold(text[start:end])
        for unit in folded:
            yield _Unit(unit, start, end)
        start = end


@lru_cache(maxsize=16_384)
def _fold(cluster: str) -> tuple[str, ...]:
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", cluster.casefold()))
    folded = unicodedata.normalize("NFKC", plain).casefold().translate(_UNDECOMPOSED)
    units: list[str] = []
    for char in folded[:LONGEST_WORD]:
        if units and _is_mark(char):
            units[-1] += char
        else:
            units.append(char)
    return tuple(units)


@lru_cache(maxsize=16_384)
def _kind(unit: str) -> str:
    if not unit[0].isalnum():
        return "separator"
    return "unspaced" if any(low <= ord(unit[0]) <= high for low, high in _UNSPACED) else "word"


@lru_cache(maxsize=16_384)
def _is_mark(char: str) -> bool:
    """Also the half-width kana's voice marks, which are letters to Unicode."""
    return not char.isascii() and (unicodedata.category(char).startswith("M") or char in "ﾞﾟ")
