"""Marks the words that were looked for, where they stand in a text."""

from typing import TypeAlias

from markupsafe import Markup, escape

from core.search_hits import highlight

Pieces: TypeAlias = list[tuple[str, bool]]
"""A text in pieces, each with whether it was looked for."""

_OPEN, _CLOSE = Markup("<mark>"), Markup("</mark>")
_LEAD = 120
"""Characters shown before the first hit, when it stands further in."""


def marked(text: str, query: str) -> Markup:
    """The text, escaped, with everything that the query finds in ``<mark>``, from shortly before its first hit on, so
    that the hit is in the first lines.
    """
    if not query:
        return escape(text)
    pieces = highlight(text, query)
    if start := _start(text, pieces):
        pieces[0] = "… " + pieces[0][0][start:], False
    return _in_marks(pieces)


def _start(text: str, pieces: Pieces) -> int:
    """Where to begin, at a word if there is one; 0 when the first hit is near enough or there is none."""
    first, hit = pieces[0] if pieces else ("", False)
    if hit or not 2 * _LEAD < len(first) < len(text):
        return 0
    return text.find(" ", len(first) - _LEAD, len(first)) + 1 or len(first) - _LEAD


def _in_marks(pieces: Pieces) -> Markup:
    return Markup("").join(_OPEN + escape(piece) + _CLOSE if hit else escape(piece) for piece, hit in pieces)
