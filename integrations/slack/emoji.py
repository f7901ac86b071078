"""Slack's emoji names as characters: ``:tada:`` is 🎉. Names of a company's own emoji stay as they are.

The table is Slack's own (``emoji.json``; docs/decisions tells where it comes from).
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import msgspec

_NAME = re.compile(r":([a-z0-9_+'-]{1,80}):(?::skin-tone-([2-6]):)?")
_LIGHTEST = 0x1F3FB
_VARIATION = "\ufe0f"
_ANY = "\N{SLIGHTLY SMILING FACE}"


def with_emoji(text: str) -> str:
    """The text with every emoji that is named in it. In time linear to its length."""
    return "".join(_pieces(text))


def with_any_emoji(text: str) -> str:
    """The text with some emoji in the place of those that only have a name, such as ``:party-parrot:``."""
    return _NAME.sub(_ANY, text)


def _pieces(text: str) -> Iterator[str]:
    position = 0
    while found := _NAME.search(text, position):
        character = _table().get(found[1])
        if character is None or _is_time(text, found.start()):
            end = found.end(1)  # its last colon may be the first one of the next name
            yield text[position:end]
        else:
            end = found.end()
            yield text[position : found.start()] + _toned(character, found[2])
        position = end
    yield text[position:]


def _is_time(text: str, colon: int) -> bool:
    """``10:100:20`` has no emoji."""
    return colon > 0 and text[colon - 1].isdigit()


def _toned(character: str, tone: str | None) -> str:
    """The skin's colour goes behind the first part of an emoji that is made of several."""
    if tone is None:
        return character
    return character[0] + chr(_LIGHTEST + int(tone) - 2) + character[1:].removeprefix(_VARIATION)


@cache
def _table() -> Mapping[str, str]:
    content: dict[str, dict[str, str] | str] = msgspec.json.decode((Path(__file__).parent / "emoji.json").read_bytes())
    table = content["emoji"]
    return table if isinstance(table, dict) else {}
