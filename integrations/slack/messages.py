"""A Slack message as events carry it, tamed once, and the moments its ``ts`` texts stand for."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.signal import Lookup
from core.taming import JsonValue, Tame, bounded
from integrations.slack.blocks import markup_of
from integrations.slack.readable import readable
from integrations.slack.senders import Sender, read_sender

_TS = re.compile(r"\d{1,12}\.\d{1,9}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FILES = 20
_CHANNEL_CHARACTERS = 200
_FIELD_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class File:
    """A shared file by its public facts only: the private download addresses stay with Slack."""

    id: str
    name: str | None
    mimetype: str | None
    permalink: str | None

    def as_json(self) -> dict[str, JsonValue]:
        """``{"id", "name"?, "mimetype"?, "permalink"?}``."""
        facts = {"id": self.id, "name": self.name, "mimetype": self.mimetype, "permalink": self.permalink}
        return {key: value for key, value in facts.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Message:
    """A message, identified by ``(channel, ts)``. ``markup`` is what it says in Slack's own spelling, ``words`` the
    same to be read, or else the names of its files, or None.

    ``thread_ts`` is the root of the thread, None for a message that is not a reply.
    """

    channel: str
    ts: str
    thread_ts: str | None
    subtype: str | None
    edited_ts: str | None
    markup: str | None
    words: str | None
    unnamed: tuple[Lookup, ...]
    files: tuple[File, ...]
    sender: Sender


def read_message(raw: Tame, channel: str | None) -> Message | None:
    """The message of these fields; None without a channel or a valid ``ts``."""
    ts = read_ts(raw, "ts")
    if channel is None or ts is None:
        return None
    root = read_ts(raw, "thread_ts")
    files = tuple(_files(raw))
    markup = markup_of(raw)
    said = readable(markup or "")
    return Message(
        channel=channel,
        ts=ts,
        thread_ts=root if root != ts else None,
        subtype=raw.text("subtype"),
        edited_ts=read_ts(raw.object("edited"), "ts"),
        markup=markup,
        words=said.text if said.text.strip() else ", ".join(file.name or file.id for file in files) or None,
        unnamed=said.unnamed,
        files=files,
        sender=read_sender(raw),
    )


def read_channel(event: Tame, field: str = "channel") -> str | None:
    """The id in the event's ``channel`` field, or in another that names one."""
    channel = event.text(field)
    return bounded(channel, _CHANNEL_CHARACTERS) if channel else None


def read_ts(source: Tame, *names: str) -> str | None:
    """The first of these fields that is a ``ts``, kept as text because it identifies and sorts."""
    for name in names:
        value = source.text(name)
        if value and _TS.fullmatch(value):
            return value
    return None


def moment(ts: str) -> datetime | None:
    """When a valid ``ts`` was, to the microsecond and without floating point; None beyond the year 9999."""
    seconds, fraction = ts.split(".")
    try:
        return _EPOCH + timedelta(seconds=int(seconds), microseconds=int(fraction[:6].ljust(6, "0")))
    except OverflowError:
        return None


def as_ts(when: datetime) -> str:
    """The ``ts`` of a moment."""
    passed = when - _EPOCH
    return f"{passed.days * 86_400 + passed.seconds:010d}.{passed.microseconds:06d}"


def _files(raw: Tame) -> Iterator[File]:
    for file in list(raw.objects("files"))[:_FILES]:
        if identity := _short(file.text("id")):
            link = _short(file.text("permalink"))
            yield File(
                id=identity,
                name=_short(file.text("name", "title")),
                mimetype=_short(file.text("mimetype")),
                permalink=link if link and link.startswith("https://") else None,
            )


def _short(text: str | None) -> str | None:
    return text[:_FIELD_CHARACTERS] if text else None
