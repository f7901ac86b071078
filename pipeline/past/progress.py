"""How far an import is and when it will be done: pure, from what its row knows."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from db import Import


@dataclass(frozen=True, slots=True)
class Standing:
    """``share`` of the work that is done (0 to 1) and when it is expected to end; None while there is no telling."""

    share: float
    ends_at: datetime | None


def standing(row: Import, now: datetime) -> Standing:
    """How the import stands. It is about time covered, since nobody knows how many messages there are."""
    if row.state not in {"running", "pending"}:
        return Standing(1.0 if row.state == "done" else covered(row), None)
    if row.requests_expected is None or row.pace_seconds is None:
        return Standing(covered(row), None)
    left = max(1, row.requests_expected - row.requests_made)
    share = row.requests_made / (row.requests_made + left)
    waits_from = max(now, row.due_at or now)
    return Standing(min(share, 0.99), waits_from + timedelta(seconds=(left - 1) * row.pace_seconds + 1))


def covered(row: Import) -> float:
    """Which share of the asked-for time is read, over all of the import's channels."""
    return _share(row, row.reached_at) if row.state != "done" else 1.0


def expected_requests(row: Import, outstanding: int) -> int | None:
    """How many requests the whole will take, as far as can be told: by what the time that was looked at so far takes,
    its threads included, and never fewer than are known to be needed. None before the first answer.
    """
    if row.requests_made == 0:
        return None
    known = row.requests_made + outstanding
    seen_to = row.cursor.get("seen_to")
    share = max(_share(row, datetime.fromisoformat(seen_to) if seen_to else None), covered(row))
    return max(known, math.ceil(known / share)) if share > 0 else known + 1


def _share(row: Import, reached_at: datetime | None) -> float:
    channels, left = max(1, int(row.cursor.get("channels", 1))), len(row.cursor.get("left", ()))
    begun = 0.0
    if reached_at is not None and row.until > row.since:
        begun = min(1.0, (row.until - reached_at) / (row.until - row.since))
    return min(1.0, (channels - left - 1 + begun) / channels)
