"""When a token is renewed: pure decisions about a row's moments, tested with tables and no clock."""

from datetime import datetime, timedelta

from core.errors import StepFailed
from db import Integration
from pipeline.retry import next_attempt_at

LEAD = timedelta(hours=3)
"""The duty begins this long before a token ends (and up to `SPREAD` earlier), so that an hour of failures still leaves
the promised two."""
SPREAD = timedelta(hours=1)
SHORT = timedelta(minutes=5)
"""A token that ends sooner is renewed before it is used: clocks differ, and calls take a while."""
LEASE = timedelta(seconds=30)
"""How long one caller may ask the platform before another may. With the cluster's sweep of ten seconds and a call of
eight, a crash in the middle shows within a minute."""
LEGACY_EVERY = timedelta(days=1)
"""A token that does not end is offered for exchange this often: the app may have been told to rotate meanwhile."""
LONGEST_STEP = 4
"""Failures are tried again after 5 s, 30 s, 2 min and then every ten minutes, for as long as it takes."""


def renew_at(expires_at: datetime | None, now: datetime, jitter: float) -> datetime:
    """When a token that was granted now is renewed: in time before it ends, but not before half of its life is over.

    ``jitter`` in [0, 1] spreads tokens that were granted together.
    """
    if expires_at is None:
        return now + LEGACY_EVERY
    return max(expires_at - LEAD - SPREAD * jitter, now + (expires_at - now) / 2)


def is_short(row: Integration, now: datetime) -> bool:
    """Whether the token ends too soon to begin anything with it."""
    return row.token_expires_at is not None and row.token_expires_at <= now + SHORT


def is_over(row: Integration, now: datetime) -> bool:
    """Whether the token has ended."""
    return row.token_expires_at is not None and row.token_expires_at <= now


def is_leased(row: Integration, now: datetime) -> bool:
    """Whether somebody is asking the platform for fresh tokens at this moment."""
    return row.lease_expires_at is not None and row.lease_expires_at > now


def is_due(row: Integration, now: datetime) -> bool:
    """Whether it is time to renew. A row that nobody put on the schedule is due when its token ends soon or never."""
    if row.refresh_due_at is not None:
        return row.refresh_due_at <= now
    return row.token_expires_at is None or row.token_expires_at <= now + LEAD + SPREAD


def is_wanted(row: Integration, now: datetime) -> bool:
    """Whether whoever needs the token has to renew it first, and may."""
    return is_short(row, now) and (row.refresh_due_at is None or row.refresh_due_at <= now)


def try_again_at(attempts: int, failure: StepFailed, now: datetime, jitter: float) -> datetime:
    """When to try again after ``attempts`` failures in a row."""
    again = next_attempt_at(min(attempts, LONGEST_STEP), now, retry_after=failure.retry_after, jitter=jitter)
    return again or now + SHORT
