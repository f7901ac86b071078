"""Slack's markup as a person would read it: mentions, channels, links, dates and emoji by name instead of by code.

https://docs.slack.dev/messaging/formatting-message-text
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from core.signal import Lookup
from integrations.slack.emoji import with_emoji

MAX_CHARACTERS = 100_000
"""Slack's own limit is 40,000; what is beyond this is cut off."""
MOST_MENTIONS = 20
"""So many people and channels of one message are asked for by name."""

_CODE = re.compile(r"<([^<>\s][^<>\n]*+)>")
_PERSON = re.compile(r"[UW][A-Z0-9]{1,40}", re.ASCII)
_CHANNEL = re.compile(r"[CG][A-Z0-9]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Readable:
    """Readable words. Whoever and whatever is mentioned without a name stands in them as ``@U012`` or ``#C012``, and
    is named in ``unnamed``.
    """

    text: str
    unnamed: tuple[Lookup, ...] = ()


@dataclass(slots=True)
class _Reading:
    unnamed: dict[Lookup, None] = field(default_factory=dict)

    def name_of(self, sigil: str, lookup: Lookup, label: str) -> str:
        if label:
            return sigil + label.removeprefix(sigil)
        if len(self.unnamed) < MOST_MENTIONS:
            self.unnamed[lookup] = None
        return sigil + lookup.key


def readable(markup: str) -> Readable:
    """The words that Slack shows for this markup; code keeps its emoji names. Total, in time linear to the length."""
    reading = _Reading()
    pieces = (_prose(piece, reading) if is_prose else _code(piece, reading) for piece, is_prose in _parted(markup))
    return Readable("".join(pieces), tuple(reading.unnamed))


def _parted(markup: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces, and whether each is prose; the marks of code stay with the code."""
    blocks = markup[:MAX_CHARACTERS].split("```")
    for place, block in enumerate(blocks):
        if place % 2 and place < len(blocks) - 1:
            yield f"```{block}```", False
            continue
        if place % 2:
            yield "```", False
        for line in block.splitlines(keepends=True):
            yield from _parted_line(line)


def _parted_line(line: str) -> Iterator[tuple[str, bool]]:
    spans = line.split("`")
    for place, span in enumerate(spans):
        if place % 2 and place < len(spans) - 1:
            yield f"`{span}`", False
        else:
            yield ("`" if place % 2 else "") + span, True


def _prose(piece: str, reading: _Reading) -> str:
    return _decoded(piece, reading, with_emoji)


def _code(piece: str, reading: _Reading) -> str:
    return _decoded(piece, reading, str)


def _decoded(piece: str, reading: _Reading, between: Callable[[str], str]) -> str:
    """What stands between codes is unescaped, the codes are spelled out."""
    pieces, position = [], 0
    for found in _CODE.finditer(piece):
        pieces.append(_unescaped(between(piece[position : found.start()])))
        pieces.append(_unescaped(_spelled(found[1], reading)))
        position = found.end()
    pieces.append(_unescaped(between(piece[position:])))
    return "".join(pieces)


def _spelled(code: str, reading: _Reading) -> str:
    target, _, label = code.partition("|")
    if target.startswith("@") and _PERSON.fullmatch(target[1:]):
        return reading.name_of("@", Lookup("user", target[1:]), label)
    if target.startswith("#") and _CHANNEL.fullmatch(target[1:]):
        return reading.name_of("#", Lookup("channel", target[1:]), label)
    if target.startswith("!"):
        return _special(target[1:], label)
    return _link(target, label) if target else f"<{code}>"


def _special(target: str, label: str) -> str:
    """``<!here>``, ``<!subteam^S012|@support>``, ``<!date^1392734382^{date}|18 February>``."""
    kind, _, rest = target.partition("^")
    if kind == "date":
        return label or _date(rest.partition("^")[0])
    if kind == "subteam":
        return "@" + (label or rest).removeprefix("@")
    return "@" + (label or kind).removeprefix("@")


def _date(seconds: str) -> str:
    try:
        return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return seconds


def _link(target: str, label: str) -> str:
    """The label and the address, once where they are the same."""
    address = target.removeprefix("mailto:").removeprefix("tel:")
    shown = address.removeprefix("https://").removeprefix("http://").rstrip("/")
    if not label or label.rstrip("/") in (address.rstrip("/"), shown):
        return address
    return f"{with_emoji(label)} ({address})"


def _unescaped(text: str) -> str:
    """Slack escapes these three characters and no other."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
