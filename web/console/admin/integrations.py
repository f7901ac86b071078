"""Integrations: whether each connection hears, and everything that an admin can do to one."""

from flask import Response, redirect, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from core.errors import InvalidFields
from db import Integration, SlackApp
from oauth.slack_apps import has_app_to_add
from pipeline.tokens.health import token_health
from web.actions import actor, owned
from web.actions import integrations as actions
from web.actions.connecting import is_limited
from web.actions.digests import internal_channels
from web.api.integration_changes import IntegrationChanges
from web.api.integration_config import shown
from web.console.admin.blueprint import admin
from web.console.admin.cards import cards
from web.console.admin.deliveries import COLUMNS, deliveries
from web.console.admin.forms import Question, Refusal, ask, page, refusal_of, validated
from web.console.admin.health import health_of
from web.console.admin.hearing import limitation
from web.console.admin.past import past_of
from web.console.admin.pylon_events import FIELD as EVENTS
from web.console.admin.pylon_events import KINDS, ticked_events
from web.console.confirming import once_confirmed, require_confirmation
from web.console.navigation import ADMINS
from web.console.signals import HTMX_CONFIG
from web.desk.overview import digest_plan
from web.services import services
from web.session import Visitor, require_role
from web.upgrades import can_do, install_path, offer

_DISCONNECTION = (
    "Signalbox stops listening there at once, and forgets the connection's tokens and secrets.",
    "Signals that were captured stay, and so does the configuration.",
    "To listen again, connect it again.",
)


@admin.get("/integrations")
@require_role(*ADMINS)
def integrations(visitor: Visitor) -> Response:
    """Every connection as a card, what needs attention first."""
    now = services().clock()
    with services().database.read() as session:
        shown_cards = cards(session, visitor.workspace_id, now)
        can_add = has_app_to_add(session, visitor.workspace_id)
    return page(visitor, "integrations.html", cards=shown_cards, now=now, can_add=can_add)


@admin.get("/integrations/<integration_id>")
@require_role(*ADMINS)
def integration(visitor: Visitor, integration_id: str) -> Response:
    """One connection's settings."""
    return settings_page(visitor, integration_id)


@admin.post("/integrations/<integration_id>")
@require_role(*ADMINS)
def change_integration(visitor: Visitor, integration_id: str) -> BaseResponse:
    """Saves the name and what is captured."""
    row = _found(visitor, integration_id)
    try:
        changes = _changes(row)
        actions.change_integration(actor(visitor), integration_id, changes.changes())
    except InvalidFields as error:
        refusal, status = refusal_of(error)
        return settings_page(visitor, integration_id, refusal=refusal, status=status)
    return redirect(url_for("admin.integrations"), 303)


@admin.post("/integrations/<integration_id>/<any(pause,resume):wish>")
@require_role(*ADMINS)
def switch_integration(visitor: Visitor, integration_id: str, wish: str) -> BaseResponse:
    """Pauses or resumes: while paused, events are stored and ignored."""
    if wish == "pause":
        require_confirmation()
    actions.change_integration(actor(visitor), integration_id, {"is_active": wish == "resume"})
    return redirect(url_for("admin.integrations"), 303)


@admin.get("/integrations/<integration_id>/disconnect")
@require_role(*ADMINS)
def ask_to_disconnect(visitor: Visitor, integration_id: str) -> Response:
    """What disconnecting means."""
    row = _found(visitor, integration_id)
    return ask(visitor, Question(
        title=f"Disconnect {row.slack_team_name or row.name}?", happens=_DISCONNECTION, button="Disconnect",
        back=url_for("admin.integrations"),
    ))  # fmt: skip


@admin.post("/integrations/<integration_id>/disconnect")
@require_role(*ADMINS)
@once_confirmed
def disconnect_integration(visitor: Visitor, integration_id: str) -> BaseResponse:
    """Ends the connection."""
    actions.disconnect_integration(actor(visitor), integration_id)
    return redirect(url_for("admin.integrations"), 303)


def settings_page(
    visitor: Visitor, integration_id: str, *, refusal: Refusal | None = None, status: int = 200
) -> Response:
    """One connection's settings, and above them why a form was not accepted."""
    row = _found(visitor, integration_id)
    channels = sorted(row.config.get("slack_channels", ()), key=lambda each: each.get("name", each["id"]))
    token = token_health(row, services().clock())
    with services().database.read() as session:
        unheard = limitation(session, row, services().clock())
        health = health_of(session, row, services().clock())
        past = past_of(session, row, request.args.get("q", "")[:80], services().clock())
        found = deliveries(session, row) if row.platform == "pylon" and row.is_connected else None
        digest = digest_plan(session, row) if row.platform == "slack" else None
        rooms = internal_channels(session, row) if row.platform == "slack" and row.is_connected else ()
        owner = session.scalar(select(SlackApp.workspace_id).where(SlackApp.id == row.slack_app_id))
    return page(
        visitor, "integration.html", status=status, row=row, channels=channels, refusal=refusal, unheard=unheard,
        features=can_do(row), offer=offer(row), install=install_path(row.workspace_id, row.slack_app_id),
        digest=digest, rooms=rooms, has_own_app=owner is not None, past=past,
        reads_past=row.platform in services().historians, limited=is_limited(row), found=found,
        columns=COLUMNS, htmx_config=HTMX_CONFIG, kinds=KINDS, token=token, **health,
    )  # fmt: skip


def _changes(row: Integration) -> IntegrationChanges:
    """What the form says. Parts of the configuration that have no field here stay as they are."""
    name = request.form.get("name", "")
    if row.platform == "pylon" and (wanted := ticked_events()) is not None:
        return validated(IntegrationChanges, {"name": name, "config": shown(row.config) | {EVENTS: wanted}})
    if row.platform != "slack":
        return validated(IntegrationChanges, {"name": name})
    decided: dict[str, object] = {"slack_capture": request.form.get("slack_capture", "external")}
    if "slack_reaction" in request.form:
        decided["slack_reaction"] = request.form["slack_reaction"].strip().strip(":")
    if "slack_autolink" in request.form:
        decided["slack_autolink"] = request.form["slack_autolink"].replace(",", " ").split()
        decided["slack_import_days"] = request.form.get("slack_import_days", "0")
    return validated(IntegrationChanges, {"name": name, "config": shown(row.config) | decided})


def _found(visitor: Visitor, integration_id: str) -> Integration:
    with services().database.read() as session:
        return owned(session, actor(visitor), Integration, integration_id, "integration")
