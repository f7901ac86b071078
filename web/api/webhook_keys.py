"""``webhook-keys``: keys for the generic webhook. Key and secret are shown once."""

import base64
import secrets
from datetime import datetime, timedelta
from typing import Any

from flask import Response
from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.digests import API_KEY_PREFIX
from core.errors import Conflict
from db import Event
from db import WebhookKey as WebhookKeyRow
from web.api.audit import audit
from web.api.blueprint import api
from web.api.fields import Body, ListQuery, Name
from web.api.rows import owned
from web.auth import caller
from web.paging import cut, newest_first
from web.services import services

OLD_SECRET_LIVES = timedelta(hours=24)
SECRET_PREFIX = "whsec_"  # noqa: S105  # public: Standard Webhooks' mark
SECRET_BYTES = 32


class NewWebhookKey(Body):
    """A key to make, named after what will use it."""

    name: Name


class WebhookKey(BaseModel):
    """A key, without the key and its secret."""

    id: str
    name: str
    api_key_hint: str
    is_active: bool
    last_used_at: datetime | None
    previous_secret_expires_at: datetime | None
    created_at: datetime


class IssuedWebhookKey(WebhookKey):
    """A new key: `api_key` and `secret` are shown only this once."""

    api_key: str
    secret: str


class RotatedWebhookKey(WebhookKey):
    """A key with its new secret, which is shown only this once. The key itself stays."""

    secret: str


class WebhookKeyPage(BaseModel):
    """Keys, the newest first."""

    items: list[WebhookKey]
    next_cursor: str | None


@api.get("/webhook-keys")
@api.input(ListQuery, location="query")
@api.output(WebhookKeyPage)
def list_webhook_keys(query_data: ListQuery) -> WebhookKeyPage:
    """List the workspace's webhook keys."""
    limit, cursor = query_data.limit, query_data.cursor
    asked = select(WebhookKeyRow).where(WebhookKeyRow.workspace_id == caller().workspace_id)
    asked = newest_first(asked, WebhookKeyRow.created_at, WebhookKeyRow.id, limit=limit, cursor=cursor)
    with services().database.read() as session:
        rows = session.scalars(asked).all()
    page, next_cursor = cut(rows, limit, lambda row: (row.created_at, row.id))
    return WebhookKeyPage(items=[WebhookKey(**_plain(row)) for row in page], next_cursor=next_cursor)


@api.post("/webhook-keys")
@api.input(NewWebhookKey, example={"name": "Zapier"})
@api.output(IssuedWebhookKey, status_code=201)
def create_webhook_key(json_data: NewWebhookKey) -> IssuedWebhookKey:
    """Create a webhook key."""
    issued, secret = services().digester.issue("webhook_key", API_KEY_PREFIX), new_secret()
    row = WebhookKeyRow(
        workspace_id=caller().workspace_id, name=json_data.name, api_key=issued.digest, api_key_hint=issued.hint,
        secret=secret, is_active=True, created_by=caller().user_id, created_at=services().clock(),
    )  # fmt: skip
    with services().database.write() as session:
        session.add(row)
        session.flush()
        audit(session, "webhook_key.created", row.id)
    return IssuedWebhookKey(**_plain(row), api_key=issued.token, secret=secret)


@api.get("/webhook-keys/<key_id>")
@api.output(WebhookKey)
def show_webhook_key(key_id: str) -> WebhookKey:
    """Show a webhook key."""
    with services().database.read() as session:
        return WebhookKey(**_plain(owned(session, WebhookKeyRow, key_id, "webhook key")))


@api.post("/webhook-keys/<key_id>/rotate")
@api.output(RotatedWebhookKey)
def rotate_webhook_key(key_id: str) -> RotatedWebhookKey:
    """Give a webhook key a new secret. The old one lives 24 more hours."""
    secret = new_secret()
    with services().database.write() as session:
        row = owned(session, WebhookKeyRow, key_id, "webhook key", lock=True)
        row.previous_secret, row.secret = row.secret, secret
        row.previous_secret_expires_at = services().clock() + OLD_SECRET_LIVES
        audit(session, "webhook_key.rotated", row.id)
    return RotatedWebhookKey(**_plain(row), secret=secret)


@api.post("/webhook-keys/<key_id>/deactivate")
@api.output(WebhookKey)
def deactivate_webhook_key(key_id: str) -> WebhookKey:
    """Stop accepting a webhook key, without deleting it."""
    return _switch(key_id, is_active=False)


@api.post("/webhook-keys/<key_id>/activate")
@api.output(WebhookKey)
def activate_webhook_key(key_id: str) -> WebhookKey:
    """Accept a webhook key again."""
    return _switch(key_id, is_active=True)


@api.delete("/webhook-keys/<key_id>")
@api.doc(responses={204: "Deleted.", 409: "Events of this key still wait."})
def delete_webhook_key(key_id: str) -> Response:
    """Delete a webhook key. Its signals stay."""
    with services().database.write() as session:
        row = owned(session, WebhookKeyRow, key_id, "webhook key", lock=True)
        _require_no_pending_events(session, row.id)
        audit(session, "webhook_key.deleted", row.id, {"name": row.name})
        session.delete(row)
    return Response(status=204)


def _require_no_pending_events(session: Session, key_id: str) -> None:
    """What was acknowledged must still find its workspace when it is processed."""
    pending = select(Event.id).where(Event.webhook_key_id == key_id, Event.state == "pending").limit(1)
    if session.scalar(pending) is not None:
        raise Conflict("events_pending", "Events of this key still wait: deactivate it, delete it later.")


def new_secret() -> str:
    """A signing secret as Standard Webhooks writes it.

    https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    """
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _switch(key_id: str, *, is_active: bool) -> WebhookKey:
    with services().database.write() as session:
        row = owned(session, WebhookKeyRow, key_id, "webhook key", lock=True)
        if row.is_active != is_active:
            row.is_active = is_active
            audit(session, "webhook_key.activated" if is_active else "webhook_key.deactivated", row.id)
    return WebhookKey(**_plain(row))


def _plain(row: WebhookKeyRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in WebhookKey.model_fields}
