"""The Slack channels that are heard, as an admin picks them: each is added and taken out by itself."""

from typing import cast

from flask import redirect, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.errors import InvalidFields
from db import SlackChannelConfig
from web.actions import actor
from web.actions.channels import drop_channel, pick_channel
from web.api.integration_config import ChannelConfig
from web.console.admin.blueprint import admin
from web.console.admin.forms import read_form, refusal_of
from web.console.admin.integrations import settings_page
from web.console.confirming import once_confirmed
from web.console.navigation import ADMINS
from web.session import Visitor, require_role


@admin.post("/integrations/<integration_id>/channels")
@require_role(*ADMINS)
def add_channel(visitor: Visitor, integration_id: str) -> BaseResponse:
    """Picks a channel, or changes how one is heard that was picked before."""
    try:
        channel = read_form(ChannelConfig).model_dump(exclude_unset=True)
        if "name" in channel:
            channel["name"] = channel["name"].removeprefix("#")
        pick_channel(actor(visitor), integration_id, cast("SlackChannelConfig", channel))
    except InvalidFields as error:
        refusal, status = refusal_of(error)
        return settings_page(visitor, integration_id, refusal=refusal, status=status)
    return redirect(url_for("admin.integration", integration_id=integration_id, _anchor="channels"), 303)


@admin.post("/integrations/<integration_id>/channels/<channel_id>/remove")
@require_role(*ADMINS)
@once_confirmed
def remove_channel(visitor: Visitor, integration_id: str, channel_id: str) -> BaseResponse:
    """Hears this channel no longer by pick; its signals stay."""
    drop_channel(actor(visitor), integration_id, channel_id)
    return redirect(url_for("admin.integration", integration_id=integration_id, _anchor="channels"), 303)
