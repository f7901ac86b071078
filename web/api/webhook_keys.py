"""``webhook-keys``: keys for the generic webhook. Key and secret are shown once."""

from datetime import datetime

from flask import Response
from pydantic import BaseModel, ConfigDict

from core.taming import JsonObject
from db import WebhookKey as WebhookKeyRow
from web.actions import actor, keys
from web.api.blueprint import api
from web.api.fields import Body, ListQuery, Name
from web.api.rows import own_page, owned, plain
from web.auth import caller
from web.services import services

EXAMPLE: JsonObject = {
    "id": "key_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "name": "Zapier", "api_key_hint": "sbk_…x7Qk", "is_active": True,
    "last_used_at": None, "previous_secret_expires_at": None, "created_at": "2026-11-20T10:00:00Z",
}  # fmt: skip
SECRET: JsonObject = {"secret": "whsec_…"}


class NewWebhookKey(Body):
    """A key to make, named after what will use it."""

    name: Name


class WebhookKey(BaseModel):
    """A key, without the key and its secret."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    name: str
    api_key_hint: str
    is_active: bool
    last_used_at: datetime | None
    previous_secret_expires_at: datetime | None
    created_at: datetime


class IssuedWebhookKey(WebhookKey):
    """A new key: `api_key` and `secret` are shown only this once."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE | SECRET | {"api_key": "sbk_…"}]})

    api_key: str
    secret: str


class RotatedWebhookKey(WebhookKey):
    """A key with its new secret, which is shown only this once. The key itself stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE | SECRET]})

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
    rows, next_cursor = own_page(WebhookKeyRow, query_data)
    return WebhookKeyPage(items=[WebhookKey(**plain(WebhookKey, row)) for row in rows], next_cursor=next_cursor)


@api.post("/webhook-keys")
@api.input(NewWebhookKey, example={"name": "Zapier"})
@api.output(IssuedWebhookKey, status_code=201)
def create_webhook_key(json_data: NewWebhookKey) -> IssuedWebhookKey:
    """Create a webhook key."""
    made = keys.create_key(actor(caller()), json_data.name)
    return IssuedWebhookKey(**plain(WebhookKey, made.row), api_key=made.api_key, secret=made.secret)


@api.get("/webhook-keys/<key_id>")
@api.output(WebhookKey)
def show_webhook_key(key_id: str) -> WebhookKey:
    """Show a webhook key."""
    with services().database.read() as session:
        return WebhookKey(**plain(WebhookKey, owned(session, WebhookKeyRow, key_id, "webhook key")))


@api.post("/webhook-keys/<key_id>/rotate")
@api.output(RotatedWebhookKey)
def rotate_webhook_key(key_id: str) -> RotatedWebhookKey:
    """Give a webhook key a new secret. The old one lives 24 more hours."""
    rotated = keys.rotate_key(actor(caller()), key_id)
    return RotatedWebhookKey(**plain(WebhookKey, rotated.row), secret=rotated.secret)


@api.post("/webhook-keys/<key_id>/deactivate")
@api.output(WebhookKey)
def deactivate_webhook_key(key_id: str) -> WebhookKey:
    """Stop accepting a webhook key, without deleting it."""
    return WebhookKey(**plain(WebhookKey, keys.switch_key(actor(caller()), key_id, is_active=False)))


@api.post("/webhook-keys/<key_id>/activate")
@api.output(WebhookKey)
def activate_webhook_key(key_id: str) -> WebhookKey:
    """Accept a webhook key again."""
    return WebhookKey(**plain(WebhookKey, keys.switch_key(actor(caller()), key_id, is_active=True)))


@api.delete("/webhook-keys/<key_id>")
@api.doc(responses={204: "Deleted.", 409: "Events of this key still wait."})
def delete_webhook_key(key_id: str) -> Response:
    """Delete a webhook key. Its signals stay."""
    keys.delete_key(actor(caller()), key_id)
    return Response(status=204)
