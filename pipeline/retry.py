"""When to try again: one pure function, tested with a table."""

from datetime import datetime, timedelta

SCHEDULE = (5, 30, 120, 600, 1800, 3600, 7200, 14400)
"""Seconds to wait after the first, second, … failed attempt; after the last one the event is failed (about 8 hours)."""


def next_attempt_at(attempts: int, now: datetime, *, retry_after: float | None, jitter: float) -> datetime | None:
    """The moment of the next attempt after ``attempts`` failed ones, None when it was the last.

    ``jitter`` in [0, 1] spreads the waits by up to a fifth, so that a crowd does not return at once;
    ``retry_after`` (seconds) is the other side's wish and only ever lengthens the wait.
    """
    if attempts > len(SCHEDULE):
        return None
    wait = SCHEDULE[attempts - 1] * (1 + jitter / 5)
    return now + timedelta(seconds=max(wait, retry_after or 0))
