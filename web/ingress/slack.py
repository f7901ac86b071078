"""Slack's door: events, interactivity, commands and options of the shared app and of workspaces' own apps."""

from flask import Blueprint, Response
from sqlalchemy import select

from core.adapter import InboundRequest, Refusal, Secrets
from core.ids import may_be_id
from db import SlackApp
from web.ingress.admission import Credential, acknowledged, inbound_request, refuse, store
from web.services import services

PLATFORM = "slack"

door = Blueprint("slack_ingress", __name__)


@door.post("/slack/events")
def shared_app() -> Response:
    """Requests of the server's shared app."""
    return _receive(None)


@door.post("/slack/apps/<slack_app_id>/events")
def own_app(slack_app_id: str) -> Response:
    """Requests of the app in the path."""
    return _receive(slack_app_id)


def _receive(slack_app_id: str | None) -> Response:
    inbound = inbound_request()
    app_id, secrets = _secrets(slack_app_id)
    adapter = services().adapters[PLATFORM]
    refusal = adapter.verify(inbound, secrets)
    if refusal is not None or app_id is None:
        raise refuse(PLATFORM, refusal or Refusal("not_configured"))
    if _is_interactive(inbound):
        return _answer(app_id, inbound)
    envelope = adapter.envelope(inbound)
    if envelope.reply is not None:
        return Response(envelope.reply, mimetype="text/plain")
    store(adapter, inbound, envelope, Credential(slack_app_id=app_id))
    return acknowledged()


def _secrets(slack_app_id: str | None) -> tuple[str | None, Secrets]:
    """The app's id and its two live signing secrets; no app has none, and verifies nothing."""
    if slack_app_id is not None and not may_be_id(slack_app_id):
        return None, Secrets()
    query = select(SlackApp).where(SlackApp.id == slack_app_id)
    if slack_app_id is None:
        query = select(SlackApp).where(SlackApp.workspace_id.is_(None)).order_by(SlackApp.created_at).limit(1)
    with services().database.read() as session:
        app = session.scalars(query).one_or_none()
        if app is None:
            return None, Secrets()
        live = (app.signing_secret, app.previous_signing_secret)
        return app.id, Secrets(signing=tuple(secret for secret in live if secret))


def _is_interactive(inbound: InboundRequest) -> bool:
    """Buttons, shortcuts, commands and options come as forms; events as JSON."""
    return inbound.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded")


def _answer(app_id: str, inbound: InboundRequest) -> Response:
    reply = services().interactions.answer(app_id, inbound)
    return Response(reply.body, status=reply.status, content_type=reply.content_type)
