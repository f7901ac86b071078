"""Untrusted JSON, tamed once: typed look-ups that answer None for whatever is not what it should be."""

import hashlib
import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec

from core.errors import NotJsonObject

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = dict[str, JsonValue]

_EXACT_INTEGER = 2**63 - 1


def parse_object(body: bytes) -> JsonObject:
    """The JSON object in ``body``. Raises `NotJsonObject` for anything else, however deep or broken."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        value = _parse_leniently(body)
    if not isinstance(value, dict):
        raise NotJsonObject
    return value


def _parse_leniently(body: bytes) -> JsonValue:
    """What the strict parser refuses but senders do send: half of an emoji (a lone surrogate), huge numbers."""
    try:
        value: JsonValue = json.loads(body.decode(), parse_constant=_refuse_constant)
        return value
    except (ValueError, RecursionError) as error:
        raise NotJsonObject from error


def _refuse_constant(name: str) -> JsonValue:
    raise ValueError(f"{name} is not JSON")


def clean(text: str) -> str:
    """The text without NUL characters and lone surrogates, which PostgreSQL cannot store."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def bounded(text: str, limit: int = 255) -> str:
    """The text itself, or a digest of it when it is longer than ``limit`` characters: still one key for one text."""
    return text if len(text) <= limit else "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def instant(text: str | None) -> datetime | None:
    """An RFC 3339 time, in UTC; None when it is not one (a time without an offset is read as UTC)."""
    try:
        moment = datetime.fromisoformat(text or "")
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


class Tame:
    """A JSON object from outside, read with expectations instead of trust."""

    __slots__ = ("raw",)

    def __init__(self, raw: JsonValue) -> None:
        self.raw: JsonObject = raw if isinstance(raw, dict) else {}

    def text(self, *names: str) -> str | None:
        """The first of these fields that is a non-blank string (numbers are read as text), cleaned."""
        for name in names:
            value = self.raw.get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                return str(value)
            if isinstance(value, str) and (text := clean(value)).strip():
                return text
        return None

    def flag(self, name: str) -> bool:
        """True only for JSON ``true`` (Slack sends some flags as the string ``"true"``)."""
        return self.raw.get(name) in (True, "true")

    def object(self, name: str) -> "Tame":
        """The nested object, empty when there is none."""
        return Tame(self.raw.get(name))

    def objects(self, name: str) -> Iterator["Tame"]:
        """The objects of a list, anything else in it passed over."""
        value = self.raw.get(name)
        for item in value if isinstance(value, list) else ():
            if isinstance(item, dict):
                yield Tame(item)

    def texts(self, name: str) -> tuple[str, ...]:
        """The strings of a list, or of a comma-separated string."""
        value = self.raw.get(name)
        items = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
        return tuple(cleaned for item in items if isinstance(item, str) and (cleaned := clean(item).strip()))

    def time(self, *names: str) -> datetime | None:
        """The first of these fields that is an RFC 3339 time."""
        for name in names:
            if moment := instant(self.text(name)):
                return moment
        return None

    def __bool__(self) -> bool:
        return bool(self.raw)


def tidy(value: JsonValue) -> JsonValue:
    """The same JSON value with every text in it cleaned, names included, so that any database can store it."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [tidy(item) for item in value]
    if isinstance(value, dict):
        return {clean(name): tidy(item) for name, item in value.items()}
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, int) and abs(value) > _EXACT_INTEGER:
        return str(value)
    return value
