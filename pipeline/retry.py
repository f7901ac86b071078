"""When to try again: pure functions, tested with a table."""

from datetime import datetime, timedelta

from core.errors import StepFailed

SCHEDULE = (5, 30, 120, 600, 1800, 3600, 7200, 14400)
"""Seconds to wait after the first, second, … failed attempt; after the last one the event is failed (about 8 hours)."""


def after_failure(failure: StepFailed, *, attempts: int, now: datetime, jitter: float) -> tuple[datetime | None, int]:
    """The moment of the next attempt (None: there is none) and how many have failed by now, after ``attempts`` before.

    A pause that the other side asked for uses up no attempt: however many come, the work is done in the end.
    """
    if failure.is_pause:
        return now + timedelta(seconds=failure.retry_after or 0), attempts
    again = next_attempt_at(attempts + 1, now, retry_after=failure.retry_after, jitter=jitter)
    return None if failure.permanent else again, attempts + 1


def next_attempt_at(attempts: int, now: datetime, *, retry_after: float | None, jitter: float) -> datetime | None:
    """The moment of the next attempt after ``attempts`` failed ones, None when it was the last.

    ``jitter`` in [0, 1] spreads the waits by up to a fifth, so that a crowd does not return at once;
    ``retry_after`` (seconds) is the other side's wish and only ever lengthens the wait.
    """
    if attempts > len(SCHEDULE):
        return None
    wait = SCHEDULE[attempts - 1] * (1 + jitter / 5)
    return now + timedelta(seconds=max(wait, retry_after or 0))
