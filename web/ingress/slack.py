"""Slack's door: events, interactivity, commands and options of the shared app and of workspaces' own apps."""

from dataclasses import dataclass, replace

from flask import Blueprint, Response
from sqlalchemy import select

from core.adapter import Envelope, InboundRequest, InteractiveReply, Refusal, Secrets
from core.ids import may_be_id
from db import SlackApp
from web.ingress.admission import Credential, arrival, inbound_request, refuse
from web.ingress.proofs import Known, learn
from web.services import Services, services

PLATFORM = "slack"
PLAIN = "text/plain; charset=utf-8"

door = Blueprint("slack_ingress", __name__)


@door.post("/slack/events")
def shared_app() -> Response:
    """Requests of the server's shared app."""
    return _receive(None)


@door.post("/slack/apps/<slack_app_id>/events")
def own_app(slack_app_id: str) -> Response:
    """Requests of the app in the path."""
    return _receive(slack_app_id)


def take(of: Services, slack_app_id: str, inbound: InboundRequest) -> InteractiveReply:
    """What an authentic request of that app is answered; what is to last is committed before this returns.

    Raises the database's error when it is not.
    """
    if _is_interactive(inbound):
        return of.interactions.answer(slack_app_id, inbound, lambda body: _keep(of, slack_app_id, inbound, body))
    envelope = of.adapters[PLATFORM].envelope(inbound)
    if envelope.reply is not None:
        return InteractiveReply(200, envelope.reply, PLAIN)
    _store(of, slack_app_id, inbound, envelope)
    return InteractiveReply(200, "", PLAIN)


def _keep(of: Services, slack_app_id: str, inbound: InboundRequest, body: bytes) -> None:
    """Commits what an interactive request says, as an event of its app."""
    said = replace(inbound, body=body)
    _store(of, slack_app_id, said, of.adapters[PLATFORM].envelope(said))


def _store(of: Services, slack_app_id: str, inbound: InboundRequest, envelope: Envelope) -> None:
    of.inbox.store(arrival(of.adapters[PLATFORM], inbound, envelope, Credential(slack_app_id=slack_app_id)))


def _receive(slack_app_id: str | None) -> Response:
    inbound = inbound_request()
    app = _app(slack_app_id)
    adapter = services().adapters[PLATFORM]
    refusal = adapter.verify(inbound, app.secrets if app else Secrets())
    if refusal is not None or app is None:
        raise refuse(PLATFORM, refusal or Refusal("not_configured"))
    learn(services(), app.known, inbound)
    reply = take(services(), app.known.id, inbound)
    return Response(reply.body, status=reply.status, content_type=reply.content_type)


@dataclass(frozen=True, slots=True)
class _App:
    """An app whose requests come here, with its live signing secrets."""

    known: Known
    secrets: Secrets


def _app(slack_app_id: str | None) -> _App | None:
    """The app of the path; no app has no secret, and verifies nothing."""
    if slack_app_id is not None and not may_be_id(slack_app_id):
        return None
    query = select(SlackApp).where(SlackApp.id == slack_app_id)
    if slack_app_id is None:
        query = select(SlackApp).where(SlackApp.workspace_id.is_(None)).order_by(SlackApp.created_at).limit(1)
    with services().database.read() as session:
        row = session.scalars(query).one_or_none()
        if row is None:
            return None
        expires = row.previous_signing_secret_expires_at
        previous = row.previous_signing_secret if expires is None or expires > services().clock() else None
        live = tuple(secret for secret in (row.signing_secret, previous) if secret)
        unproved = row.signing_secret if row.signature_verified_at is None else None
        return _App(Known(row.id, row.api_app_id, row.updated_at, unproved), Secrets(signing=live))


def _is_interactive(inbound: InboundRequest) -> bool:
    """Buttons, shortcuts, commands and options come as forms; events as JSON."""
    return inbound.headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded")
