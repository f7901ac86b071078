"""Slack apps: a workspace's own, from its name over Slack's page to Add to Slack, and their secrets afterwards."""

from typing import cast

from flask import Response, redirect, request, url_for
from sqlalchemy import func, select
from werkzeug.wrappers import Response as BaseResponse

from core.errors import SignalboxError
from db import Integration, SlackApp
from db.sealed import holds
from web.actions import actor, owned
from web.actions import slack_apps as actions
from web.api.slack_apps import WHAT, NewSlackApp, NewSlackAppDraft, SlackAppChanges
from web.console.admin.blueprint import admin
from web.console.admin.forms import Question, Refusal, ask, page, read_form, refusal_of
from web.console.confirming import once_confirmed
from web.console.navigation import ADMINS
from web.console.resending import once_per_form
from web.manifest import creation_link, events_url, own_manifest
from web.services import services
from web.session import Visitor, require_role
from web.upgrades import install_path

_FAREWELL = "Slack is told within a minute, and then no token is left here."


@admin.get("/slack-apps")
@require_role(*ADMINS)
def slack_apps(visitor: Visitor) -> Response:
    """The workspace's own apps, and the form that begins another one."""
    return _listed(visitor)


@admin.post("/slack-apps")
@require_role(*ADMINS)
@once_per_form
def begin_slack_app(visitor: Visitor) -> BaseResponse:
    """Keeps a place for an app; what follows can be done later."""
    try:
        row = actions.keep_place(actor(visitor), read_form(NewSlackAppDraft).name)
    except SignalboxError as error:
        refusal, status = refusal_of(error)
        return _listed(visitor, refusal=refusal, status=status)
    return redirect(url_for("admin.slack_app", app_id=row.id), 303)


@admin.get("/slack-apps/<app_id>")
@require_role(*ADMINS)
def slack_app(visitor: Visitor, app_id: str) -> Response:
    """One app: the next step of its making, or how it does."""
    return _shown(visitor, app_id)


@admin.post("/slack-apps/<app_id>")
@require_role(*ADMINS)
def save_slack_app(visitor: Visitor, app_id: str) -> BaseResponse:
    """Registers the app with what was pasted, or replaces what was pasted of a registered one."""
    try:
        if _found(visitor, app_id).is_complete:
            changes = read_form(SlackAppChanges).model_dump(exclude_unset=True)
            actions.change_app(actor(visitor), app_id, cast("actions.AppChanges", changes))
        else:
            pasted = read_form(NewSlackApp, id=app_id)
            actions.register(actor(visitor), actions.Credentials(**pasted.model_dump()))
    except SignalboxError as error:
        refusal, status = refusal_of(error)
        return _shown(visitor, app_id, refusal=refusal, status=status)
    return redirect(url_for("admin.slack_app", app_id=app_id), 303)


@admin.get("/slack-apps/<app_id>/delete")
@require_role(*ADMINS)
def ask_to_delete_slack_app(visitor: Visitor, app_id: str) -> Response:
    """What deleting means."""
    row = _found(visitor, app_id)
    with services().database.read() as session:
        carried = select(func.count()).select_from(Integration).where(actions.connected_through(row.id))
        count = session.scalar(carried) or 0
    connections = {0: "No connection uses it now.", 1: f"Its connection is disconnected at once; {_FAREWELL}"}
    return ask(visitor, Question(
        title=f"Delete the Slack app {row.name}?", button="Delete the Slack app",
        happens=(
            connections.get(count, f"Its {count} connections are disconnected at once; {_FAREWELL}"),
            "Whatever Slack still sends for it is refused, and its secrets are forgotten here.",
            "Signals that came through it stay, and so does the configuration of its connections.",
            "In Slack the app itself goes on to exist: delete it there as well, at api.slack.com/apps.",
        ),
        back=url_for("admin.slack_app", app_id=app_id),
    ))  # fmt: skip


@admin.post("/slack-apps/<app_id>/delete")
@require_role(*ADMINS)
@once_confirmed
def delete_slack_app(visitor: Visitor, app_id: str) -> BaseResponse:
    """Deletes it."""
    actions.delete_app(actor(visitor), app_id)
    return redirect(url_for("admin.slack_apps"), 303)


def _found(visitor: Visitor, app_id: str) -> SlackApp:
    with services().database.read() as session:
        return owned(session, actor(visitor), SlackApp, app_id, WHAT)


def _listed(visitor: Visitor, *, refusal: Refusal | None = None, status: int = 200) -> Response:
    query = select(SlackApp).where(SlackApp.workspace_id == visitor.workspace_id)
    with services().database.read() as session:
        rows = session.scalars(query.order_by(SlackApp.created_at.desc(), SlackApp.id.desc())).all()
    return page(visitor, "slack_apps.html", status=status, rows=rows, refusal=refusal)


def _shown(visitor: Visitor, app_id: str, *, refusal: Refusal | None = None, status: int = 200) -> Response:
    row, public_url = _found(visitor, app_id), services().settings.public_url
    over_http = own_manifest(public_url, row.id, name=row.name)
    over_socket = own_manifest(public_url, row.id, name=row.name, socket_mode=True)
    return page(
        visitor, "slack_app.html", status=status, row=row, refusal=refusal, now=services().clock(),
        is_public=public_url.startswith("https://"), over_http=over_http, over_socket=over_socket,
        http_link=creation_link(over_http), socket_link=creation_link(over_socket),
        events_url=events_url(public_url, row.id), has_app_token=holds(row, "app_token"),
        install=install_path(visitor.workspace_id, row.id), pasted_client_id=request.form.get("client_id", ""),
    )  # fmt: skip
