"""Webhook keys: made and shown once, rotated with an overlap, stopped, started and deleted."""

from flask import Response, redirect, url_for
from sqlalchemy import select
from sqlalchemy.orm import load_only
from werkzeug.wrappers import Response as BaseResponse

from core.errors import SignalboxError
from db import WebhookKey
from web.actions import actor, keys, owned
from web.api.webhook_keys import NewWebhookKey
from web.console.admin.blueprint import admin
from web.console.admin.forms import Question, Refusal, Shown, ask, page, read_form, refusal_of, show_once
from web.console.confirming import once_confirmed, require_confirmation
from web.console.navigation import ADMINS
from web.console.resending import once_per_form
from web.services import services
from web.session import Visitor, require_role

_ROTATION = (
    "A new signing secret is made and shown once.",
    "The old secret works for 24 more hours, so that senders can change over.",
    "The API key itself stays as it is: whoever sends only the key needs to change nothing.",
)
_DELETION = (
    "Whatever still sends with this key is refused from now on.",
    "Signals that came through it stay.",
    "This cannot be undone; to stop the key for a while, deactivate it instead.",
)


@admin.get("/webhook-keys")
@require_role(*ADMINS)
def webhook_keys(visitor: Visitor) -> Response:
    """The workspace's keys, and the form for a new one."""
    return _listed(visitor)


@admin.post("/webhook-keys")
@require_role(*ADMINS)
@once_per_form
def create_webhook_key(visitor: Visitor) -> BaseResponse:
    """Makes a key, and shows it once."""
    try:
        made = keys.create_key(actor(visitor), read_form(NewWebhookKey).name)
    except SignalboxError as error:
        refusal, status = refusal_of(error)
        return _listed(visitor, refusal=refusal, status=status)
    values = (
        ("API key (header X-API-Key)", made.api_key),
        ("Signing secret, for senders that sign", made.secret),
        ("Key id (header X-Webhook-Key-ID, for senders that sign)", made.row.id),
        ("Workspace id (header X-Workspace-ID, for senders that sign)", visitor.workspace_id),
        ("Address to send to", f"{services().settings.public_url}/webhooks/signals"),
    )
    return show_once(visitor, Shown(
        title=f"The key for {made.row.name}", values=values, back=url_for("admin.webhook_keys"),
        explanation="Copy the key and the secret now: they are not kept in a form that could be shown again.",
        missed="If it was not copied, delete the key and create another.",
    ))  # fmt: skip


@admin.get("/webhook-keys/<key_id>/rotate")
@require_role(*ADMINS)
def ask_to_rotate(visitor: Visitor, key_id: str) -> Response:
    """What rotating means."""
    name = _name_of(visitor, key_id)
    return ask(visitor, Question(
        title=f"Rotate the secret of {name}?", happens=_ROTATION, button="Rotate the secret",
        back=url_for("admin.webhook_keys"), is_destructive=False,
    ))  # fmt: skip


@admin.post("/webhook-keys/<key_id>/rotate")
@require_role(*ADMINS)
@once_confirmed
@once_per_form
def rotate_webhook_key(visitor: Visitor, key_id: str) -> BaseResponse:
    """Makes a new secret, and shows it once."""
    rotated = keys.rotate_key(actor(visitor), key_id)
    return show_once(visitor, Shown(
        title=f"The new secret of {rotated.row.name}", values=(("Signing secret", rotated.secret),),
        back=url_for("admin.webhook_keys"),
        explanation="Copy it now: it is not shown again. The old secret works for 24 more hours.",
        missed="If it was not copied, rotate the secret once more.",
    ))  # fmt: skip


@admin.post("/webhook-keys/<key_id>/<any(activate,deactivate):wish>")
@require_role(*ADMINS)
def switch_webhook_key(visitor: Visitor, key_id: str, wish: str) -> BaseResponse:
    """Stops or starts a key."""
    if wish == "deactivate":
        require_confirmation()
    keys.switch_key(actor(visitor), key_id, is_active=wish == "activate")
    return redirect(url_for("admin.webhook_keys"), 303)


@admin.get("/webhook-keys/<key_id>/delete")
@require_role(*ADMINS)
def ask_to_delete(visitor: Visitor, key_id: str) -> Response:
    """What deleting means."""
    name = _name_of(visitor, key_id)
    return ask(visitor, Question(
        title=f"Delete the key {name}?", happens=_DELETION, button="Delete the key", back=url_for("admin.webhook_keys"),
    ))  # fmt: skip


@admin.post("/webhook-keys/<key_id>/delete")
@require_role(*ADMINS)
@once_confirmed
def delete_webhook_key(visitor: Visitor, key_id: str) -> BaseResponse:
    """Deletes the key."""
    keys.delete_key(actor(visitor), key_id)
    return redirect(url_for("admin.webhook_keys"), 303)


def _listed(visitor: Visitor, *, refusal: Refusal | None = None, status: int = 200) -> Response:
    shown = load_only(
        WebhookKey.name, WebhookKey.api_key_hint, WebhookKey.is_active, WebhookKey.last_used_at,
        WebhookKey.previous_secret_expires_at, WebhookKey.created_at,
    )  # fmt: skip
    query = select(WebhookKey).where(WebhookKey.workspace_id == visitor.workspace_id).options(shown)
    with services().database.read() as session:
        rows = session.scalars(query.order_by(WebhookKey.created_at.desc(), WebhookKey.id.desc())).all()
    return page(visitor, "webhook_keys.html", status=status, rows=rows, refusal=refusal, now=services().clock())


def _name_of(visitor: Visitor, key_id: str) -> str:
    with services().database.read() as session:
        return owned(session, actor(visitor), WebhookKey, key_id, "webhook key").name
