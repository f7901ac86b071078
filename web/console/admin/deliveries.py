"""A connection's last deliveries as an admin looks at them while setting a platform up."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from db import Integration
from web.actions.knocks import Finding, Heard, KnockOutcome, last_heard
from web.console.reasons import reason_in_words
from web.console.wording import humanized

COLUMNS = ("Header", "Signature", "Body", "Issue")
READ_WHEN_AUTHENTIC = ("Body", "Issue")

_OUTCOMES: dict[KnockOutcome, tuple[str, str]] = {
    "refused": ("bad", "Refused"),
    "waiting": ("wait", "Waiting"),
    "hydrated": ("good", "Hydrated"),
    "limited": ("good", "Limited"),
    "ignored": ("none", "Ignored"),
    "failed": ("bad", "Failed"),
    "forgotten": ("none", "No longer kept"),
}
_COMFORTS: dict[KnockOutcome, str] = {
    "hydrated": "Nothing is missing: the event was completed through Pylon's API. Mend the trigger when you like.",
    "limited": "The rest of the body was taken. With an API token, what it lacks would be read from Pylon.",
}
"""What became of deliveries whose flaws did no harm."""
_KINDS = {True: "good", False: "bad", None: "none"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One verdict: ``good``, ``bad``, ``warn``, ``wait`` or ``none`` chooses the icon, the text says it. A ``warn`` did
    no harm to this delivery.
    """

    column: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class DeliveryRow:
    """One delivery: what it was, its verdicts, what became of it and why, and what to fix. ``comfort`` says why the
    fix has time.
    """

    at: datetime
    cells: tuple[Cell, ...]
    outcome: Cell
    why: str | None
    fix: str | None
    comfort: str | None
    event_id: str | None
    signal_id: str | None
    what: str


@dataclass(frozen=True, slots=True)
class Deliveries:
    """The last ones, newest first. ``version`` changes whenever any of it does; ``is_settled`` when none waits."""

    rows: tuple[DeliveryRow, ...]
    version: str
    is_settled: bool
    has_good: bool


def deliveries(session: Session, row: Integration) -> Deliveries:
    """What came to the connection's door lately."""
    heard = last_heard(session, row)
    told = "|".join(f"{each.id} {each.outcome} {each.reason} {each.times}" for each in heard)
    return Deliveries(
        rows=tuple(_row(each) for each in heard),
        version=hashlib.sha256(told.encode()).hexdigest()[:16],
        is_settled=bool(heard) and all(each.outcome != "waiting" for each in heard),
        has_good=any(each.outcome in ("hydrated", "limited") for each in heard),
    )


def _row(heard: Heard) -> DeliveryRow:
    kind, text = _OUTCOMES[heard.outcome]
    return DeliveryRow(
        at=heard.created_at,
        cells=tuple(_cell(column, heard) for column in COLUMNS),
        outcome=Cell("Outcome", kind, text),
        why=reason_in_words(heard.reason),
        fix=heard.fix,
        comfort=_COMFORTS.get(heard.outcome) if _is_flawed(heard) else None,
        event_id=heard.event_id,
        signal_id=heard.signal_id,
        what=" · ".join(_what(heard)),
    )


def _what(heard: Heard) -> Iterator[str]:
    if heard.event_type:
        yield heard.event_type
    if heard.subject:
        yield f"issue {heard.subject}"
    if heard.times > 1:
        yield f"×{heard.times}"


def _cell(column: str, heard: Heard) -> Cell:
    found = [finding for finding in heard.checks if finding.about == column]
    if found:
        kind = "warn" if found[0].is_well is False and heard.outcome in _COMFORTS else _KINDS[found[0].is_well]
        return Cell(column, kind, _short(column, found))
    if column in READ_WHEN_AUTHENTIC and heard.outcome == "refused":
        return Cell(column, "none", "Not read")
    return Cell(column, "good", "Ok") if column == "Body" else Cell(column, "none", "Not checked")


def _is_flawed(heard: Heard) -> bool:
    return any(finding.is_well is False for finding in heard.checks)


def _short(column: str, found: Sequence[Finding]) -> str:
    """``Missing`` of ``header_missing``."""
    return humanized(found[0].slug.removeprefix(f"{column.lower()}_").removeprefix("id_"))
