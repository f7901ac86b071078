"""An integration by its address, and its secrets that count at a moment: the present ones, and those before them until
they end.
"""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.adapter import Secrets
from db import Integration
from web.services import services


def connected_at(session: Session, platform: str, ingest_key: str) -> Integration | None:
    """The live integration of that platform whose address holds this key."""
    digest = services().digester.digest("ingest_key", ingest_key)
    query = select(Integration).where(
        Integration.ingest_key_digest == digest, Integration.platform == platform, Integration.state != "disconnected"
    )
    return session.scalars(query).one_or_none()


def live_secrets(row: Integration, now: datetime) -> Secrets:
    """What its deliveries are verified with, newest first."""
    return Secrets(
        signing=_live(row.webhook_secret, row.previous_webhook_secret, row.previous_webhook_secret_expires_at, now),
        header_name=row.header_name,
        header=live_header(row, now),
        accepts_timed=row.config.get("pylon_accept_ts_scheme") is True,
    )


def live_header(row: Integration, now: datetime) -> tuple[str, ...]:
    """What the secret header may hold."""
    return _live(row.header_secret, row.previous_header_secret, row.previous_header_secret_expires_at, now)


def live_panel(row: Integration, now: datetime) -> Secrets:
    """What its platform's side panel is verified with: its own secrets, or, without any, those of the deliveries."""
    secrets = live_secrets(row, now)
    own = _live(row.app_secret, row.previous_app_secret, row.previous_app_secret_expires_at, now)
    return replace(secrets, signing=own) if row.app_secret else secrets


def _live(present: str | None, previous: str | None, expires_at: datetime | None, now: datetime) -> tuple[str, ...]:
    has_ended = expires_at is not None and expires_at <= now
    return tuple(secret for secret in (present, None if has_ended else previous) if secret)
