"""The rows behind token rotation: one holder at a time, and nothing written over newer tokens.

The lease keeps callers apart. What fences a late answer is the tokens themselves: it is written only while the row
still holds what was presented for it, so that it never replaces a reinstall's tokens, and a valid answer is never
thrown away because it took too long.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import SealBroken, StepFailed
from core.grants import Grant, Presented
from core.ids import new_id
from core.logs import get_logger
from db import Integration
from pipeline.tokens.renewal import LEASE, is_leased, renew_at, try_again_at

SEALED_AGAIN_LATER = timedelta(hours=1)

log = get_logger()


@dataclass(frozen=True, slots=True)
class Held:
    """A row that is ours until the lease ends, and what we present for it."""

    integration_id: str
    lease: str
    presented: Presented


def take(
    session: Session, integration_id: str, wanted: Callable[[Integration, datetime], bool], now: datetime
) -> Held | None:
    """The row, read again under its lock and leased, if it is active, free and ``wanted`` still says so."""
    row = _locked(session, integration_id)
    if row is None or row.state != "active" or is_leased(row, now) or not wanted(row, now):
        return None
    try:
        presented = Presented(row.slack_app_id, row.access_token or "", row.refresh_token)
    except SealBroken as error:
        row.note_token_problem(error.reason, now)
        row.refresh_due_at = now + SEALED_AGAIN_LATER
        return None
    lease = new_id("lea")
    row.lease_token, row.lease_expires_at = lease, now + LEASE
    row.refresh_due_at = row.lease_expires_at  # if we die with it, somebody else is due then
    return Held(integration_id, lease, presented)


def settle(session: Session, held: Held, outcome: Grant | StepFailed, now: datetime) -> None:
    """Stores how it ended, if that is still ours to say."""
    row = _locked(session, held.integration_id)
    if row is None or not row.is_connected:
        return
    if isinstance(outcome, Grant):
        _keep(row, held, outcome, now)
    elif row.lease_token == held.lease:
        _give_back(row, held, outcome, now)


def schedule(row: Integration, now: datetime) -> None:
    """Fresh tokens are in the row: nobody holds it, nothing is wrong, and this is when they are renewed."""
    row.lease_token = row.lease_expires_at = row.wipe_due_at = None
    row.note_token_problem(None, now)
    row.refresh_attempts = 0
    row.refresh_due_at = renew_at(row.token_expires_at, now, random.random())  # noqa: S311  # it spreads load


def _keep(row: Integration, held: Held, grant: Grant, now: datetime) -> None:
    """The grant, if the row still holds what was presented for it. A row given up meanwhile is well again."""
    if not _holds(row, held.presented):
        log.info("late_grant_dropped", integration_id=row.id)
        return
    row.access_token, row.refresh_token = grant.access_token, grant.refresh_token
    row.token_expires_at, row.refreshed_at, row.updated_at = grant.expires_at, now, now
    row.scopes = list(grant.scopes) or row.scopes
    row.state, row.state_reason = "active", None
    schedule(row, now)
    log.info("token_refreshed", integration_id=row.id)


def _give_back(row: Integration, held: Held, failure: StepFailed, now: datetime) -> None:
    """The failure, after a second look at the tokens: when somebody replaced them, ours were merely old. Dead tokens
    make the connection ``needs_reconnect``; it keeps the access token, which may live on until it ends.
    """
    row.lease_token = row.lease_expires_at = None
    if not _holds(row, held.presented):
        schedule(row, now)
        return
    row.refresh_attempts += 1
    row.note_token_problem(failure.reason, now)
    row.updated_at = now
    if failure.permanent:
        row.state, row.state_reason, row.refresh_due_at = "needs_reconnect", failure.reason, None
    else:
        jitter = random.random()  # noqa: S311  # it spreads load, it protects nothing
        row.refresh_due_at = try_again_at(row.refresh_attempts, failure, now, jitter)
    log.warning("token_not_refreshed", integration_id=row.id, reason=failure.reason, attempts=row.refresh_attempts)


def _locked(session: Session, integration_id: str) -> Integration | None:
    return session.scalars(select(Integration).where(Integration.id == integration_id).with_for_update()).first()


def _holds(row: Integration, presented: Presented) -> bool:
    return (row.access_token or "", row.refresh_token) == (presented.access_token, presented.refresh_token)
