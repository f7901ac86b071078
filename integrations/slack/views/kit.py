"""The pieces that all our views are built of, each within Slack's limits.

Whatever somebody wrote goes through `escape`, or into `plain`, where nothing is markup.
Block Kit: https://docs.slack.dev/reference/block-kit
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from core.taming import JsonObject, JsonValue

Block: TypeAlias = JsonObject
Choices: TypeAlias = Sequence[tuple[str, str]]
"""Value and label of each option."""

SECTION, HEADER, LABEL, TITLE, BLOCKS = 3000, 150, 75, 24, 100
MESSAGE_BLOCKS = 50


def shorten(text: str, limit: int) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def escape(text: str) -> str:
    """Words in mrkdwn, in which they mark up nothing.

    Source: https://docs.slack.dev/messaging/formatting-message-text#escaping
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link(url: str, label: str) -> str:
    """A link in mrkdwn."""
    return f"<{url}|{escape(label).replace('|', '¦')}>"


def quote(words: str, limit: int) -> str:
    """Words of somebody, set off as such, at most ``limit`` characters of them; what they mark up stays literal."""
    lines = escape(shorten(words.strip(), limit)).splitlines() or [""]
    return "\n".join(f"> {line}" for line in lines)


def plain(text: str, limit: int = LABEL) -> JsonObject:
    """Text without markup."""
    return {"type": "plain_text", "text": shorten(text, limit), "emoji": True}


def mrkdwn(text: str, limit: int = SECTION) -> JsonObject:
    """Text with Slack's markup."""
    return {"type": "mrkdwn", "text": shorten(text, limit)}


def header(text: str) -> Block:
    """A heading."""
    return {"type": "header", "text": plain(text, HEADER)}


def section(text: str, accessory: JsonObject | None = None) -> Block:
    """A paragraph, with a button or menu beside it."""
    block: Block = {"type": "section", "text": mrkdwn(text)}
    return block | ({"accessory": accessory} if accessory else {})


def context(*texts: str) -> Block:
    """Small print."""
    return {"type": "context", "elements": [mrkdwn(text) for text in texts]}


def divider() -> Block:
    """A line across."""
    return {"type": "divider"}


def actions(*elements: JsonObject) -> Block:
    """Buttons and menus in a row."""
    return {"type": "actions", "elements": [*elements]}


def button(label: str, action: str, *, value: str = "", url: str = "", style: str = "") -> JsonObject:
    """A button that tells us ``value``, or opens ``url``."""
    extra = {name: text for name, text in (("value", value), ("url", url), ("style", style)) if text}
    return {"type": "button", "text": plain(label), "action_id": action, **extra}


def select(action: str, placeholder: str, choices: Choices, chosen: str | None = None) -> JsonObject:
    """A menu of a few choices."""
    options = [_option(value, label) for value, label in choices]
    menu: JsonObject = {
        "type": "static_select",
        "action_id": action,
        "placeholder": plain(placeholder, 150),
        "options": [*options],
    }
    if initial := next((option for option in options if option["value"] == chosen), None):
        menu["initial_option"] = initial
    return menu


def confirm(title: str, text: str, *, yes: str, no: str) -> JsonObject:
    """A question that is asked before an action."""
    return {"title": plain(title, 100), "text": mrkdwn(text, 300), "confirm": plain(yes, 30), "deny": plain(no, 30)}


def entry(block: str, label: str, element: JsonObject, *, hint: str = "") -> Block:
    """A field of a form that may stay empty."""
    shown: Block = {"type": "input", "block_id": block, "optional": True, "label": plain(label, 2000)}
    return shown | {"element": element} | ({"hint": plain(hint, 2000)} if hint else {})


def text_field(action: str, placeholder: str, *, limit: int) -> JsonObject:
    """Several lines of text."""
    field: JsonObject = {"type": "plain_text_input", "action_id": action, "multiline": True, "max_length": limit}
    return field | {"placeholder": plain(placeholder, 150)}


def modal(title: str, blocks: Iterable[Block], *, close: str = "Close", **more: str | JsonObject) -> JsonObject:
    """A dialog. ``submit``, ``callback_id`` and ``private_metadata`` as in Slack."""
    shown: list[JsonValue] = [*blocks]
    title_bar: JsonObject = {"title": plain(title, TITLE), "close": plain(close, TITLE)}
    return {"type": "modal", **title_bar, "blocks": shown[:BLOCKS], **more}


def _option(value: str, label: str) -> JsonObject:
    return {"text": plain(label), "value": value}
