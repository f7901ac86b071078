"""Marks the words that were looked for, where they stand in a text."""

from markupsafe import Markup, escape

from core.search_text import highlight

_LEAD = 120
"""Characters shown before the first hit, when it stands further in."""


def marked(text: str, query: str) -> Markup:
    """The text, escaped, with everything that the query finds in ``<mark>``."""
    if not query:
        return escape(text)
    pieces = highlight(text, query)
    return Markup("").join(Markup("<mark>{}</mark>").format(piece) if hit else escape(piece) for piece, hit in pieces)


def excerpt(text: str, query: str) -> str:
    """The text from shortly before its first hit, so that the hit is in the first lines."""
    if not query or len(text) <= 2 * _LEAD:
        return text
    first, hit = (highlight(text, query) or [("", False)])[0]
    if hit or not 2 * _LEAD < len(first) < len(text):
        return text
    start = text.find(" ", len(first) - _LEAD, len(first)) + 1 or len(first) - _LEAD
    return "… " + text[start:]
