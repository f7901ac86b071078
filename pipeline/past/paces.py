"""At which pace an import goes, and at which it may turn out to go while the platform's answers have not told yet."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.history import Allowance
from db import Import, Integration

TELLING = 100
"""An import that read fewer messages may not have met the limit."""
_LEARNED = "learned"


def allowance_of(row: Import) -> Allowance | None:
    """What the row knows of the platform's limit."""
    if row.page_size is None or row.pace_seconds is None:
        return None
    return Allowance(row.page_size, row.pace_seconds)


def paces(row: Import, possible: Sequence[Allowance]) -> tuple[Allowance, ...]:
    """The one that its own answers told, else the one of an earlier import, else all that are ``possible``."""
    if (own := allowance_of(row)) is not None:
        return (own,)
    learned = row.cursor.get(_LEARNED)
    return (Allowance(int(learned[0]), float(learned[1])),) if learned else tuple(possible)


def learned_before(session: Session, integration: Integration) -> dict[str, list[float]]:
    """For a new import's cursor: what the latest import that met the limit was allowed; empty without one.

    It is an expectation and nothing more: each import finds out for itself, since an app's class may change.
    """
    told = (Import.page_size.is_not(None), Import.pace_seconds.is_not(None), Import.messages_seen >= TELLING)
    latest = select(Import.page_size, Import.pace_seconds).where(Import.integration_id == integration.id, *told)
    row = session.execute(latest.order_by(Import.id.desc()).limit(1)).first()
    return {_LEARNED: [row.page_size, row.pace_seconds]} if row else {}
