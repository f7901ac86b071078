"""The message that a dialog is about, as the dialog carries it there and back in its ``private_metadata``.

Slack allows 3000 characters: of a longer message only the beginning is carried, and says so.
"""

from dataclasses import dataclass

import msgspec

from core.errors import NotJsonObject
from core.taming import JsonObject, JsonValue, Tame, parse_object, tidy
from integrations.slack.blocks import markup_of
from integrations.slack.messages import Message, read_channel, read_message

MOST = 2_900
"""A little less than Slack allows."""

_FACTS = ("ts", "thread_ts", "subtype", "user", "team", "user_team", "source_team", "username", "bot_id", "text")
_PROFILE = ("display_name", "real_name", "team", "is_restricted", "is_ultra_restricted", "is_stranger")
_FILE = ("id", "name", "mimetype", "permalink", "user", "user_team")
_FILES = 3
_CUT = "is_cut"


@dataclass(frozen=True, slots=True)
class Carried:
    """A message and the name of its channel; ``is_cut`` when only the beginning of its words is here."""

    message: Message
    channel_name: str | None
    is_cut: bool


def pack(message: JsonObject, channel: str, channel_name: str | None) -> str:
    """The message of a shortcut's payload as a dialog carries it."""
    facts = _pick(message, _FACTS) | {"text": markup_of(Tame(message))}
    facts["edited"] = _pick(message.get("edited"), ("ts",))
    facts["bot_profile"] = _pick(message.get("bot_profile"), ("app_id",))
    facts["user_profile"] = _pick(message.get("user_profile"), _PROFILE)
    files: list[JsonValue] = [_pick(file.raw, _FILE) for file in Tame(message).objects("files")]
    whole: JsonObject = {"channel": channel, "channel_name": channel_name, "message": facts | {"files": files[:_FILES]}}
    text = _write(whole)
    words = Tame(facts).text("text") or ""
    while len(text) > MOST and words:
        words = words[: max(0, len(words) - (len(text) - MOST))]
        facts["text"] = words
        text = _write({**whole, "message": facts, _CUT: True})
    return text


def unpack(metadata: str | None) -> Carried | None:
    """What a dialog brought back; None for anything that `pack` did not make."""
    try:
        carried = Tame(parse_object((metadata or "").encode("utf-8", "replace")))
    except NotJsonObject:
        return None
    message = read_message(carried.object("message"), read_channel(carried))
    if message is None:
        return None
    return Carried(message, carried.text("channel_name"), carried.flag(_CUT))


def _pick(source: JsonValue, names: tuple[str, ...]) -> JsonObject:
    given = source if isinstance(source, dict) else {}
    return {name: given[name] for name in names if given.get(name) is not None}


def _write(value: JsonObject) -> str:
    return msgspec.json.encode(tidy({name: item for name, item in value.items() if item is not None})).decode()
