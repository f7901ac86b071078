"""*Capture as signal*: the shortcut opens a dialog over the message, and sending it off stores the request."""

import msgspec

from core.taming import JsonObject
from integrations.slack.carried import pack, unpack
from integrations.slack.colleagues import is_colleague
from integrations.slack.messages import read_channel, read_message
from integrations.slack.surfaces import Encounter, Surfaces
from integrations.slack.views.capture import capture_dialog, captured_dialog, not_stored, refused_dialog

_TALKS = ("directmessage", "mpdm-")
"""How a payload names the channel of a private talk."""

NOT_OURS = "This works for people of the company that connected Signalbox here."
PRIVATE = "Signalbox stays out of direct messages. Ask for the words in a channel, or forward them to one."
INCOMPLETE = "Slack did not say enough of this message."
SORRY = "Not captured"


def open_dialog(encounter: Encounter, surfaces: Surfaces) -> JsonObject | None:
    """Shows the dialog, but a guest only that it is not for them. Whoever is of another team gets no answer: there is
    no token to answer with.
    """
    if encounter.visitor is None:
        return None
    is_guest = is_colleague(encounter.visitor, encounter.interaction.person, surfaces) is False
    view = msgspec.json.encode(refused_dialog(SORRY, NOT_OURS) if is_guest else _dialog(encounter)).decode()
    trigger = encounter.interaction.body.text("trigger_id")
    surfaces.call("views.open", encounter.visitor, trigger_id=trigger, view=view)
    return None


def take_submission(encounter: Encounter, surfaces: Surfaces) -> JsonObject | None:
    """Commits the request before it says so. What was asked for twice is stored once."""
    view = encounter.interaction.body.object("view")
    if encounter.visitor is None:
        return _shown(refused_dialog(SORRY, NOT_OURS))
    if unpack(view.text("private_metadata")) is None:
        return _shown(refused_dialog(SORRY, INCOMPLETE))
    try:
        encounter.keep(msgspec.json.encode(encounter.payload))
    except Exception:  # noqa: BLE001  # whatever kept the database from it, the person may try again
        return not_stored()
    return _shown(captured_dialog(surfaces.desk.console()))


def is_talk(channel: str, name: str | None) -> bool:
    """Whether a payload's channel is a private talk."""
    return channel.startswith("D") or (name or "").startswith(_TALKS)


def _dialog(encounter: Encounter) -> JsonObject:
    body = encounter.interaction.body
    channel, raw = body.object("channel"), body.object("message")
    name = channel.text("name")
    message = read_message(raw, read_channel(channel, "id"))
    if message is None:
        return refused_dialog(SORRY, INCOMPLETE)
    if is_talk(message.channel, name):
        return refused_dialog(SORRY, PRIVATE)
    known = None if name == "privategroup" else name
    return capture_dialog(message.words or "", pack(raw.raw, message.channel, known))


def _shown(view: JsonObject) -> JsonObject:
    return {"response_action": "update", "view": view}
