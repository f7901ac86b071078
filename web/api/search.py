"""The words that a search looks for in a signal."""

from sqlalchemy import ColumnElement, or_

from db import Signal


def matching(words: str) -> ColumnElement[bool]:
    """Signals whose verbatim or interpretation holds these words, in any case; ``%`` and ``_`` mean themselves."""
    return or_(
        Signal.verbatim.icontains(words, autoescape=True),
        Signal.interpretation.icontains(words, autoescape=True),
    )
