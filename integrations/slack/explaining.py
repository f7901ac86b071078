"""*Why (not) captured?*: the shortcut on a message, answered by a dialog."""

import msgspec

from core.taming import JsonObject
from integrations.slack.colleagues import is_colleague
from integrations.slack.messages import read_channel, read_ts
from integrations.slack.surfaces import Encounter, Surfaces
from integrations.slack.views import kit
from integrations.slack.views.story import story_dialog

TITLE = "Why (not) captured?"
INCOMPLETE = "Slack did not say which message this is."
NOT_OURS = "This works for people of the company that connected Signalbox here. Sign in to Signalbox with Slack first."


def open_story(encounter: Encounter, surfaces: Surfaces) -> JsonObject | None:
    """Shows the story of the message to our own people: guests read along in channels for another company. That Slack
    offers it to the person vouches that they see the message.
    """
    if encounter.visitor is None:
        return None
    body = encounter.interaction.body
    channel, ts = read_channel(body.object("channel"), "id"), read_ts(body.object("message"), "ts")
    if not is_colleague(encounter.visitor, encounter.interaction.person, surfaces):
        view = kit.modal(TITLE, [kit.section(NOT_OURS)])
    elif channel is None or ts is None:
        view = kit.modal(TITLE, [kit.section(INCOMPLETE)])
    else:
        view = story_dialog(surfaces.desk.story(encounter.visitor, channel, ts, sees_message=True))
    trigger = body.text("trigger_id")
    surfaces.call("views.open", encounter.visitor, trigger_id=trigger, view=msgspec.json.encode(view).decode())
    return None
