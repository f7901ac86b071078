"""Which messages a workspace wants: the channels it chose and whose words it keeps."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from core.adapter import Recipient
from core.taming import Tame
from integrations.slack.arrival import Arrival
from integrations.slack.messages import Message
from integrations.slack.senders import Sender, affiliation

Mode: TypeAlias = Literal["external", "all", "asked"]

CONTENT_SUBTYPES = frozenset({None, "file_share", "thread_broadcast", "me_message"})
"""Messages that carry new words: https://docs.slack.dev/reference/events/message"""

NOISE_SUBTYPES = frozenset(
    {
        "channel_join",
        "channel_leave",
        "channel_topic",
        "channel_purpose",
        "channel_name",
        "channel_archive",
        "channel_unarchive",
        "channel_convert_to_private",
        "channel_posting_permissions",
        "group_join",
        "group_leave",
        "group_topic",
        "group_purpose",
        "group_name",
        "group_archive",
        "group_unarchive",
        "bot_add",
        "bot_remove",
        "pinned_item",
        "unpinned_item",
        "reminder_add",
        "message_replied",
        "tombstone",
    }
)
"""Subtypes that are their own reason; every other one is reported as ``subtype_<name>``."""

_PRIVATE_TALKS = frozenset({"im", "mpim", "app_home"})
_SUBTYPE_CHARACTERS = 40


def why_not(arrival: Arrival, channel: str, message: Message | None) -> str | None:
    """Why this message is not captured, as a reason slug; None when it is.

    Without a message only the channel counts.
    """
    if message and (reason := _kind_problem(arrival, message)):
        return reason
    if is_private_talk(arrival.callback.event, channel):
        return "direct_message"
    selected = _selected(arrival, channel)
    if isinstance(selected, NotSelected):
        return selected.reason
    if selected == "asked":
        return "only_when_asked"
    if selected == "external" and message and _is_internal(arrival, message.sender):
        return "internal_author"
    return None


def drops_colleagues(arrival: Arrival, channel: str) -> bool:
    """Whether only the words of people outside the company are kept there."""
    return _selected(arrival, channel) == "external"


def is_of_a_customer(arrival: Arrival, message: Message) -> bool:
    """Whether a person outside the company said it, as far as is known."""
    return _kind_problem(arrival, message) is None and not _is_internal(arrival, message.sender)


def subtype_reason(subtype: str) -> str:
    """The slug of a subtype that carries no customer's words."""
    if subtype in NOISE_SUBTYPES:
        return subtype
    return "subtype_" + (re.sub(r"[^a-z_]", "", subtype.lower())[:_SUBTYPE_CHARACTERS] or "other")


@dataclass(frozen=True, slots=True)
class NotSelected:
    """A channel that is not listened to, and why."""

    reason: str


def _kind_problem(arrival: Arrival, message: Message) -> str | None:
    if is_own(arrival.recipient, message.sender):
        return "own_message"
    if message.sender.bot:
        return "bot_message"
    if message.subtype is not None and message.subtype not in CONTENT_SUBTYPES:
        return subtype_reason(message.subtype)
    return None


def is_own(recipient: Recipient, sender: Sender) -> bool:
    """Whether Signalbox itself wrote it."""
    by_user = sender.user is not None and sender.user == recipient.bot_user_id
    return by_user or (sender.bot_id is not None and sender.bot_id == recipient.bot_id)


def is_private_talk(event: Tame, channel: str) -> bool:
    """Whether it is a direct message, to one or to several."""
    return event.text("channel_type") in _PRIVATE_TALKS or channel.startswith("D")


def _selected(arrival: Arrival, channel: str) -> Mode | NotSelected:
    """The channel's mode: a listed channel's own, else the workspace's; a listed one that is not shared keeps all."""
    config = Tame(arrival.recipient.config)
    shared = arrival.callback.body.flag("is_ext_shared_channel")
    usual = _mode(config, "slack_capture") or "external"
    listed = dict(listed_channels(arrival.recipient))
    if channel in listed:
        return _mode(listed[channel], "capture") or (usual if shared else "all")
    if any(not each.flag("auto") for each in listed.values()):
        return NotSelected("channel_not_selected")
    return usual if shared else NotSelected("channel_not_shared")


def listed_channels(recipient: Recipient) -> Iterator[tuple[str, Tame]]:
    """The configured channels by id; entries without one are passed over."""
    for each in Tame(recipient.config).objects("slack_channels"):
        if identity := each.text("id"):
            yield identity, each


def _mode(source: Tame, name: str) -> Mode | None:
    value = source.text(name)
    return next((mode for mode in get_args(Mode) if mode == value), None)


def _is_internal(arrival: Arrival, sender: Sender) -> bool:
    return affiliation(arrival, sender) == "internal"
