"""What an admin does about a connection's channels and its past: lists, joins, imports and cancels."""

from datetime import timedelta

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.errors import SignalboxError
from web.actions import actor
from web.actions.directory import join_channel, refresh_channels
from web.actions.imports import cancel_import, order_import
from web.console.admin.blueprint import admin
from web.console.admin.forms import refusal_of
from web.console.admin.integrations import settings_page
from web.console.confirming import once_confirmed
from web.console.navigation import ADMINS
from web.console.resending import once_per_form
from web.services import services
from web.session import Visitor, require_role


@admin.post("/integrations/<integration_id>/channels/refresh")
@require_role(*ADMINS)
def list_channels_again(visitor: Visitor, integration_id: str) -> BaseResponse:
    """The list is read anew, in the background."""
    refresh_channels(actor(visitor), integration_id)
    return _back(integration_id)


@admin.post("/integrations/<integration_id>/channels/<channel_id>/join")
@require_role(*ADMINS)
def join(visitor: Visitor, integration_id: str, channel_id: str) -> BaseResponse:
    """Lets the app into a public channel."""
    try:
        join_channel(actor(visitor), integration_id, channel_id)
    except SignalboxError as error:
        return _refused(visitor, integration_id, error)
    return _back(integration_id)


@admin.post("/integrations/<integration_id>/imports")
@require_role(*ADMINS)
@once_per_form
def begin_import(visitor: Visitor, integration_id: str) -> BaseResponse:
    """Imports so many days of one channel, or of all that are captured."""
    days = request.form.get("days", "30")
    since = services().clock() - timedelta(days=min(int(days), 3650) if days.isascii() and days.isdigit() else 30)
    channel_id = request.form.get("channel_id", "")[:200] or None
    try:
        order_import(actor(visitor), integration_id, channel_id, since)
    except SignalboxError as error:
        return _refused(visitor, integration_id, error)
    return _back(integration_id, "imports")


@admin.post("/integrations/<integration_id>/imports/<import_id>/cancel")
@require_role(*ADMINS)
@once_confirmed
def stop_import(visitor: Visitor, integration_id: str, import_id: str) -> BaseResponse:
    """Cancels it at once."""
    try:
        cancel_import(actor(visitor), import_id)
    except SignalboxError as error:
        return _refused(visitor, integration_id, error)
    return _back(integration_id, "imports")


def _refused(visitor: Visitor, integration_id: str, error: SignalboxError) -> BaseResponse:
    refusal, status = refusal_of(error)
    return settings_page(visitor, integration_id, refusal=refusal, status=status)


def _back(integration_id: str, anchor: str = "channels") -> BaseResponse:
    return redirect(url_for("admin.integration", integration_id=integration_id, _anchor=anchor), 303)
