"""Webhook keys, from their making to their end. Key and secret are handed out once."""

import base64
import secrets
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.digests import API_KEY_PREFIX
from core.errors import Conflict
from db import Event, WebhookKey
from web.actions import Actor, audit, owned
from web.services import services

OLD_SECRET_LIVES = timedelta(hours=24)
SECRET_PREFIX = "whsec_"  # noqa: S105  # public: Standard Webhooks' mark
SECRET_BYTES = 32
_WHAT = "webhook key"


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key with what is shown only now: its new secret, and the key itself when it was just made."""

    row: WebhookKey
    secret: str = field(repr=False)
    api_key: str = field(default="", repr=False)


def create_key(who: Actor, name: str) -> IssuedKey:
    """A new key, named after what will use it."""
    issued, secret = services().digester.issue("webhook_key", API_KEY_PREFIX), new_secret()
    row = WebhookKey(
        workspace_id=who.workspace_id, name=name, api_key=issued.digest, api_key_hint=issued.hint,
        secret=secret, is_active=True, created_by=who.user_id, created_at=services().clock(),
    )  # fmt: skip
    with services().database.write() as session:
        session.add(row)
        session.flush()
        audit(session, who, "webhook_key.created", row.id, {"name": name})
    return IssuedKey(row, secret, issued.token)


def rotate_key(who: Actor, key_id: str) -> IssuedKey:
    """A new secret; the old one lives 24 more hours, and the key itself stays."""
    secret = new_secret()
    with services().database.write() as session:
        row = owned(session, who, WebhookKey, key_id, _WHAT, lock=True)
        row.previous_secret, row.secret = row.secret, secret
        row.previous_secret_expires_at = services().clock() + OLD_SECRET_LIVES
        audit(session, who, "webhook_key.rotated", row.id)
    return IssuedKey(row, secret)


def switch_key(who: Actor, key_id: str, *, is_active: bool) -> WebhookKey:
    """Starts or stops accepting a key, without deleting it."""
    with services().database.write() as session:
        row = owned(session, who, WebhookKey, key_id, _WHAT, lock=True)
        if row.is_active != is_active:
            row.is_active = is_active
            audit(session, who, "webhook_key.activated" if is_active else "webhook_key.deactivated", row.id)
    return row


def delete_key(who: Actor, key_id: str) -> None:
    """Ends a key; its signals stay. Raises `Conflict` while events of it wait."""
    with services().database.write() as session:
        row = owned(session, who, WebhookKey, key_id, _WHAT, lock=True)
        _require_no_pending_events(session, row.id)
        audit(session, who, "webhook_key.deleted", row.id, {"name": row.name})
        session.delete(row)


def new_secret() -> str:
    """A signing secret as Standard Webhooks writes it.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _require_no_pending_events(session: Session, key_id: str) -> None:
    """What was acknowledged must still find its workspace when it is processed."""
    pending = select(Event.id).where(Event.webhook_key_id == key_id, Event.state == "pending").limit(1)
    if session.scalar(pending) is not None:
        raise Conflict("events_pending", "Events of this key still wait: deactivate it, delete it later.")
