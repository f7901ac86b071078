"""Where a query's terms stand in a text, to be shown."""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from core.search_text import LONGEST_TEXT, LONGEST_WORD, Query, Term, Token, parse_query, tokens

_UNSPACED = "\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
_RUN = re.compile(f"[{_UNSPACED}]+")
_PLAIN = re.compile(f"[\\x00-\\x7f{_UNSPACED}、。「」…–—]*")
"""Kana, Han and Hangul as they mostly come, which fold into themselves, with ASCII and what separates words."""
_IN_WORD, _BETWEEN_WORDS = "[0-9A-Za-z]", f"[^0-9A-Za-z{_UNSPACED}]"


def highlight(text: str, query: str) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it was looked for; joined they are the text."""
    pieces: list[tuple[str, bool]] = []
    end = 0
    for start, stop in _joined(_found(text[:LONGEST_TEXT], query)):
        pieces += [(text[end:start], False), (text[start:stop], True)]
        end = stop
    return [piece for piece in (*pieces, (text[end:], False)) if piece[0]]


def _found(text: str, query: str) -> Iterator[tuple[int, int]]:
    """Where the query's terms stand in the text."""
    if text.isascii() or (_PLAIN.fullmatch(text) and _has_patterns(query)):
        return (match.span(1) for pattern in _patterns(query) for match in pattern.finditer(text))
    return _hits(tokens(text), _parsed(query).wanted)


# Both are kept: the texts of one page are all marked for the same query.
@lru_cache(maxsize=256)
def _parsed(query: str) -> Query:
    return parse_query(query)


@lru_cache(maxsize=256)
def _patterns(query: str) -> Sequence[re.Pattern[str]]:
    """What finds each of the terms in a plain text: the same places as comparing tokens does, and far sooner. What has
    other letters is in no ASCII text.
    """
    patterns = map(_pattern, _parsed(query).wanted)
    return [re.compile(pattern, re.IGNORECASE | re.ASCII) for pattern in patterns if pattern is not None]


@lru_cache(maxsize=256)
def _has_patterns(query: str) -> bool:
    return all(_pattern(term) is not None for term in _parsed(query).wanted)


def _pattern(term: Term) -> str | None:
    """For words of ASCII, or for a run of characters that write no spaces."""
    if all(map(str.isascii, term.tokens)):
        return f"(?<!{_IN_WORD})(?=({_between(term)}))"
    run = term.tokens[0] + "".join(token[1:] for token in term.tokens[1:])
    pairs = tuple(map("".join, pairwise(run))) or (run,)
    if pairs != term.tokens or not _RUN.fullmatch(run) or term.is_prefix != (len(run) == 1):
        return None
    return f"(?=({run}))"


def _between(term: Term) -> str:
    """A term as a pattern. A word is known by its first `LONGEST_WORD` characters, whatever follows them."""
    words = [token + f"{_IN_WORD}*" * (len(token) == LONGEST_WORD) for token in term.tokens]
    end = f"{_IN_WORD}*" if term.is_prefix else f"(?!{_IN_WORD})"
    return f"(?!{_IN_WORD}){_BETWEEN_WORDS}+".join(words) + end


def _hits(found: Sequence[Token], terms: Iterable[Term]) -> Iterator[tuple[int, int]]:
    places: dict[str, list[int]] = {}
    for place, token in enumerate(found):
        places.setdefault(token.text, []).append(place)
    for term in terms:
        first = term.tokens[0]
        if len(term.tokens) == 1 and term.is_prefix:
            starts = [place for text, at in places.items() if text.startswith(first) for place in at]
        else:
            starts = places.get(first, [])
        for place in starts:
            run = found[place : place + len(term.tokens)]
            if _is_run(run, term):
                yield run[0].start, run[-1].head if term.is_prefix else run[-1].end


def _is_run(run: Sequence[Token], term: Term) -> bool:
    texts = tuple(token.text for token in run)
    if not term.is_prefix:
        return texts == term.tokens
    return texts[:-1] == term.tokens[:-1] and len(texts) == len(term.tokens) and texts[-1].startswith(term.tokens[-1])


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Sorted, with those that overlap made one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined
