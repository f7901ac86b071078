"""The generic door: any program that holds a webhook key."""

from dataclasses import dataclass

from flask import Blueprint, Response, jsonify
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.adapter import InboundRequest, Refusal, Secrets
from core.ids import may_be_id
from db import WebhookKey
from web.ingress.admission import Credential, inbound_request, refuse, store
from web.services import services

PLATFORM = "webhook"
USAGE = {
    "usage": "POST a JSON object to this address",
    "authentication": {
        "simplest": "X-API-Key: <api key>",
        "signed": (
            "X-Webhook-Signature: sha256=<hex HMAC-SHA256 of the body>, "
            "with X-Workspace-ID and X-Webhook-Key-ID (omissible while the workspace has one active key)"
        ),
    },
    "deduplication": "webhook-id header, else source_ref: a repeat answers duplicate: true and is never an edit",
    "required": ["verbatim"],
    "optional": [
        "interpretation", "severity", "frequency", "user_segment", "source_ref", "source_url", "occurred_at",
        "author", "account", "tags", "metadata",
    ],
    "example": {"verbatim": "The export stops at 1,000 rows.", "severity": "high", "author": {"name": "Ada"}},
}  # fmt: skip

door = Blueprint("generic_ingress", __name__)


@door.post("/webhooks/signals")
def receive() -> tuple[Response, int]:
    """202 with the event's id; a repeat names the first event."""
    inbound = inbound_request()
    adapter = services().adapters[PLATFORM]
    key = _key(inbound)
    if isinstance(key, Refusal):
        raise refuse(PLATFORM, key)
    refusal = adapter.verify(inbound, key.secrets)
    if refusal is not None:
        raise refuse(PLATFORM, refusal)
    stored = store(adapter, inbound, adapter.envelope(inbound), Credential(webhook_key_id=key.id))
    return jsonify(event_id=stored.event_id, duplicate=stored.duplicate), 202


@door.get("/webhooks/signals")
def usage() -> Response:
    """How to use this door, for whoever opens it in a browser."""
    return jsonify(USAGE)


@dataclass(frozen=True, slots=True)
class _Key:
    id: str
    secrets: Secrets


def _key(inbound: InboundRequest) -> _Key | Refusal:
    """The key that the headers select. An API key identifies alone; workspace and key ids may not contradict it."""
    api_key = inbound.headers.get("x-api-key")
    workspace_id, key_id = inbound.headers.get("x-workspace-id"), inbound.headers.get("x-webhook-key-id")
    with services().database.read() as session:
        row = _by_api_key(session, api_key) if api_key else _by_ids(session, workspace_id, key_id)
        if isinstance(row, Refusal):
            return row
        if workspace_id and workspace_id != row.workspace_id:
            return Refusal("workspace_mismatch")
        if key_id and key_id != row.id:
            return Refusal("key_mismatch")
        if not row.is_active:
            return Refusal("key_inactive")
        return _Key(row.id, Secrets(signing=_live(row), identified=bool(api_key)))


def _by_api_key(session: Session, api_key: str) -> WebhookKey | Refusal:
    digest = services().digester.digest("webhook_key", api_key)
    row = session.scalars(select(WebhookKey).where(WebhookKey.api_key == digest)).one_or_none()
    return row or Refusal("api_key_unknown")


def _by_ids(session: Session, workspace_id: str | None, key_id: str | None) -> WebhookKey | Refusal:
    """Signed requests: the workspace's key of that id, or its only active one."""
    if not workspace_id:
        return Refusal("credentials_missing")
    if not (may_be_id(workspace_id) and may_be_id(key_id or "")):
        return Refusal("key_unknown")
    query = select(WebhookKey).where(WebhookKey.workspace_id == workspace_id)
    query = query.where(WebhookKey.id == key_id) if key_id else query.where(WebhookKey.is_active)
    rows = session.scalars(query.limit(2)).all()
    if len(rows) > 1:
        return Refusal("key_ambiguous")
    return rows[0] if rows else Refusal("key_unknown")


def _live(row: WebhookKey) -> tuple[str, ...]:
    """The secret, and the one before it for as long as it lives."""
    expires = row.previous_secret_expires_at
    previous = row.previous_secret if expires is not None and expires > services().clock() else None
    return tuple(secret for secret in (row.secret, previous) if secret)
