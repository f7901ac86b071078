"""Slack's limits on what an app shows, so that a view which Slack would refuse is refused here too.

Source: https://docs.slack.dev/reference/block-kit/blocks and …/reference/views
"""

from collections.abc import Iterator

from core.taming import JsonObject, JsonValue

_TEXT = {"section": 3000, "header": 150}
_MOST_BLOCKS = {"modal": 100, "home": 100, "message": 50}
_OBJECTS: dict[str, tuple[tuple[str, int], ...]] = {
    "button": (("text", 75), ("action_id", 255), ("value", 2000), ("url", 3000)),
    "static_select": (("placeholder", 150), ("action_id", 255)),
    "conversations_select": (("placeholder", 150), ("action_id", 255)),
    "plain_text_input": (("placeholder", 150), ("action_id", 255)),
    "input": (("label", 2000), ("hint", 2000), ("block_id", 255)),
    "modal": (("title", 24), ("submit", 24), ("close", 24), ("private_metadata", 3000), ("callback_id", 255)),
    "home": (("private_metadata", 3000), ("callback_id", 255)),
}
_REQUIRED = {
    "button": ("text", "action_id"),
    "static_select": ("action_id", "options"),
    "input": ("label", "element"),
    "section": ("text",),
    "header": ("text",),
    "modal": ("title", "blocks"),
    "home": ("blocks",),
}
_CONFIRM = (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30))


def problems_of_view(view: JsonObject) -> list[str]:
    """What Slack would refuse about a modal or home view; nothing for a good one."""
    kind = view.get("type")
    if kind not in ("modal", "home"):
        return [f"a view cannot be of type {kind!r}"]
    found = [*_of_object(view), *problems_of_blocks(view.get("blocks"), str(kind))]
    has_input = any(isinstance(block, dict) and block.get("type") == "input" for block in _list(view.get("blocks")))
    is_stuck = kind == "modal" and has_input and not view.get("submit")
    return [*found, *(["a modal with inputs needs a submit button"] if is_stuck else [])]


def problems_of_blocks(blocks: JsonValue, kind: str = "message") -> list[str]:
    """What Slack would refuse about a list of blocks."""
    found = [] if isinstance(blocks, list) and blocks else ["blocks must be a list with something in it"]
    if len(_list(blocks)) > _MOST_BLOCKS[kind]:
        found.append(f"a {kind} has at most {_MOST_BLOCKS[kind]} blocks")
    for block in _list(blocks):
        found += _of_block(block) if isinstance(block, dict) else ["a block is an object"]
    ids = [block["block_id"] for block in _list(blocks) if isinstance(block, dict) and "block_id" in block]
    return [*found, *(["block ids must differ"] if len(ids) != len(set(map(str, ids))) else [])]


def _of_block(block: JsonObject) -> Iterator[str]:
    kind = str(block.get("type"))
    if kind in _TEXT and _length(block.get("text")) > _TEXT[kind]:
        yield f"{kind}.text is longer than {_TEXT[kind]} characters"
    if kind == "context" and not 1 <= len(_list(block.get("elements"))) <= 10:
        yield "context has 1 to 10 elements"
    if kind == "actions" and not 1 <= len(_list(block.get("elements"))) <= 25:
        yield "actions has 1 to 25 elements"
    yield from _deep(block)


def _deep(value: JsonValue) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _deep(item)
    if isinstance(value, dict):
        yield from _of_object(value)
        for item in value.values():
            yield from _deep(item)


def _of_object(value: JsonObject) -> Iterator[str]:
    kind = str(value.get("type"))
    for name in _REQUIRED.get(kind, ()):
        if not value.get(name):
            yield f"{kind}.{name} is missing"
    limits = _CONFIRM if {"confirm", "deny"} <= value.keys() else _OBJECTS.get(kind, ())
    for name, most in limits:
        if name in value and not 1 <= _length(value[name]) <= most:
            yield f"{kind}.{name} must have 1 to {most} characters"
    if kind in ("plain_text", "mrkdwn") and not 1 <= _length(value) <= 3000:
        yield f"{kind} must have 1 to 3000 characters"
    if "options" in value:
        yield from _of_options(value)


def _of_options(menu: JsonObject) -> Iterator[str]:
    options = [option for option in _list(menu["options"]) if isinstance(option, dict)]
    if not 1 <= len(options) <= 100:
        yield "a menu has 1 to 100 options"
    if any(_length(option.get("text")) > 75 or not 1 <= len(str(option.get("value", ""))) <= 150 for option in options):
        yield "an option has at most 75 characters, and a value of 1 to 150"
    if "initial_option" in menu and menu["initial_option"] not in options:
        yield "initial_option must be one of the options"


def _length(text: JsonValue) -> int:
    return len(str(text.get("text", ""))) if isinstance(text, dict) else len(str(text))


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
