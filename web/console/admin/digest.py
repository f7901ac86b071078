"""The digest as an admin plans it in the console."""

from flask import redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.errors import InvalidFields
from core.taming import clean
from db import SlackDigestConfig
from web.actions import actor
from web.actions.digests import plan_digest
from web.api.integration_config import DigestConfig
from web.console.admin.blueprint import admin
from web.console.admin.forms import refusal_of, validated
from web.console.admin.integrations import settings_page
from web.console.navigation import ADMINS
from web.session import Visitor, require_role


@admin.post("/integrations/<integration_id>/digest")
@require_role(*ADMINS)
def change_digest(visitor: Visitor, integration_id: str) -> BaseResponse:
    """Picks the channel and the hour; no channel ends the digest."""
    try:
        plan_digest(actor(visitor), integration_id, _plan())
    except InvalidFields as error:
        refusal, status = refusal_of(error)
        return settings_page(visitor, integration_id, refusal=refusal, status=status)
    return redirect(url_for("admin.integration", integration_id=integration_id, _anchor="digest"), 303)


def _plan() -> SlackDigestConfig | None:
    channel_id, _, name = clean(request.form.get("channel", "")).partition(" ")
    if not channel_id:
        return None
    sent = {"channel_id": channel_id, "channel_name": name or None, "hour": request.form.get("hour", "8")}
    told = validated(DigestConfig, {key: value for key, value in sent.items() if value is not None})
    plan: SlackDigestConfig = told.model_dump(exclude_unset=True)  # type: ignore[assignment]  # the same fields
    return plan
