"""``integrations/{id}/channels``: the channels that the platform shows the app, for picking."""

from datetime import datetime

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from core.taming import JsonObject
from db import CaptureMode, SlackChannelConfig
from db import Integration as IntegrationRow
from web.actions import actor
from web.actions.directory import ListedChannel, known_channels, refresh_channels
from web.actions.directory import join_channel as join
from web.api.blueprint import api
from web.api.fields import ListQuery, Text
from web.api.rows import owned
from web.auth import caller
from web.services import services

EXAMPLE: JsonObject = {
    "id": "C0123ABCD", "name": "ext-globex", "is_member": True, "is_private": False, "is_ext_shared": True,
    "is_archived": False, "members": 12, "is_captured": True, "capture": "all", "auto": False,
    "complete_until": "2026-11-20T14:32:00Z", "problem": None,
}  # fmt: skip


class Channel(BaseModel):
    """A channel. `capture` and `auto` are as configured for it; nothing that was said before `complete_until` is
    missing; `problem` is why looking for gaps does not get on.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    name: str | None
    is_member: bool
    is_private: bool
    is_ext_shared: bool
    is_archived: bool
    members: int | None
    is_captured: bool
    capture: CaptureMode | None
    auto: bool
    complete_until: datetime | None
    problem: str | None


class ChannelPage(BaseModel):
    """Channels by name."""

    items: list[Channel]
    next_cursor: str | None


class ChannelQuery(ListQuery):
    """Which channels."""

    q: Text = Field(default="", description="A part of the name.")


@api.get("/integrations/<integration_id>/channels")
@api.input(ChannelQuery, location="query")
@api.output(ChannelPage)
def list_channels(integration_id: str, query_data: ChannelQuery) -> ChannelPage:
    """List the channels that a connection's platform shows the app, as they were last listed."""
    with services().database.read() as session:
        row = owned(session, IntegrationRow, integration_id, "integration")
        page, next_cursor = known_channels(
            session, row, search=query_data.q, limit=query_data.limit, cursor=query_data.cursor
        )
    return ChannelPage(items=[_shown(channel) for channel in page], next_cursor=next_cursor)


@api.post("/integrations/<integration_id>/channels/refresh")
@api.doc(responses={204: "The list is read anew, in the background."})
def list_channels_again(integration_id: str) -> Response:
    """List a connection's channels anew."""
    refresh_channels(actor(caller()), integration_id)
    return Response(status=204)


@api.post("/integrations/<integration_id>/channels/<channel_id>/join")
@api.doc(responses={204: "The app is in it.", 409: "It is private: invite the app.", 424: "The platform refused."})
def join_channel(integration_id: str, channel_id: str) -> Response:
    """Let the app join a public channel. What is captured there is decided in the configuration."""
    join(actor(caller()), integration_id, channel_id)
    return Response(status=204)


def _shown(channel: ListedChannel) -> Channel:
    facts, config = channel.entry.facts, channel.config or SlackChannelConfig(id=channel.entry.ref)
    return Channel(
        id=channel.entry.ref,
        name=channel.entry.name,
        is_member=channel.is_member,
        is_private=bool(facts.get("is_private")),
        is_ext_shared=bool(facts.get("is_ext_shared")),
        is_archived=bool(facts.get("is_archived")),
        members=facts.get("members"),
        is_captured=channel.is_captured,
        capture=config.get("capture"),
        auto=bool(config.get("auto")),
        complete_until=channel.complete_until,
        problem=channel.problem,
    )
