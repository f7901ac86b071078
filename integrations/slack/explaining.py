"""*Why (not) captured?*: the shortcut on a message, answered by a dialog."""

import msgspec

from core.taming import JsonObject
from integrations.slack.messages import read_channel, read_ts
from integrations.slack.surfaces import Encounter, Surfaces
from integrations.slack.views import kit
from integrations.slack.views.story import story_dialog

INCOMPLETE = "Slack did not say which message this is."


def open_story(encounter: Encounter, surfaces: Surfaces) -> JsonObject | None:
    """Shows the story of the message. That Slack offers it to the person vouches that they see it."""
    if encounter.visitor is None:
        return None
    body = encounter.interaction.body
    channel, ts = read_channel(body.object("channel"), "id"), read_ts(body.object("message"), "ts")
    if channel is None or ts is None:
        view = kit.modal("Why (not) captured?", [kit.section(INCOMPLETE)])
    else:
        view = story_dialog(surfaces.desk.story(encounter.visitor, channel, ts, sees_message=True))
    trigger = body.text("trigger_id")
    surfaces.call("views.open", encounter.visitor, trigger_id=trigger, view=msgspec.json.encode(view).decode())
    return None
