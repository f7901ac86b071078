"""The body of a generic signal: tamed once, every problem named at once.

Unknown fields are ignored; ``null`` and blank texts count as absent, because form-like senders fill every field.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, get_args
from urllib.parse import urlsplit

from core.errors import FieldError, InvalidFields
from core.signal import Account, Author, Frequency, Severity
from core.taming import JsonObject, JsonValue, clean, instant, parse_object, tidy

MAX_VERBATIM = 100_000
MAX_INTERPRETATION = 10_000
MAX_TEXT = 255
MAX_URL = 2048
MAX_TAGS = 50
MAX_TAG = 100
MAX_DEPTH = 20

Level = TypeVar("Level")

_SEVERITIES: dict[str, Severity] = {level: level for level in get_args(Severity)}
_FREQUENCIES: dict[str, Frequency] = {level: level for level in get_args(Frequency)}
_RFC_3339 = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:]{8}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})")


@dataclass(frozen=True, slots=True)
class Submission:
    """A valid body."""

    verbatim: str
    interpretation: str | None
    severity: Severity | None
    frequency: Frequency | None
    user_segment: str | None
    source_ref: str | None
    source_url: str | None
    occurred_at: datetime | None
    author: Author
    account: Account
    tags: tuple[str, ...]
    metadata: JsonObject


def submission_of(body: bytes) -> Submission:
    """The submission in ``body``. Raises `NotJsonObject`, or `InvalidFields` naming every bad field."""
    form = _Form(parse_object(body))
    author, account = form.nested("author"), form.nested("account")
    submission = Submission(
        verbatim=form.required("verbatim", MAX_VERBATIM),
        interpretation=form.text("interpretation", MAX_INTERPRETATION),
        severity=form.choice("severity", _SEVERITIES),
        frequency=form.choice("frequency", _FREQUENCIES),
        user_segment=form.text("user_segment"),
        source_ref=form.text("source_ref"),
        source_url=form.url("source_url"),
        occurred_at=form.time("occurred_at"),
        author=Author(author.text("name"), author.text("email"), author.text("external_id"), "external"),
        account=Account(account.text("external_id"), account.text("name")),
        tags=form.tags("tags"),
        metadata=form.free_object("metadata"),
    )
    if form.errors:
        raise InvalidFields(form.errors)
    return submission


class _Form:
    """Reads fields by name and collects what is wrong with them."""

    def __init__(self, raw: JsonObject, path: str = "", errors: list[FieldError] | None = None) -> None:
        self._raw = raw
        self._path = path
        self.errors: list[FieldError] = [] if errors is None else errors

    def text(self, name: str, limit: int = MAX_TEXT) -> str | None:
        value = self._raw.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            self._complain(name, "must be a text")
            return None
        text = clean(value)
        if len(text) > limit:
            self._complain(name, f"must have at most {limit:,} characters")
            return None
        return text if text.strip() else None

    def required(self, name: str, limit: int) -> str:
        before = len(self.errors)
        text = self.text(name, limit)
        if text is None and len(self.errors) == before:
            self._complain(name, "is required: the customer's own words, not blank")
        return text or ""

    def choice(self, name: str, levels: Mapping[str, Level]) -> Level | None:
        text = self.text(name)
        if text is not None and text not in levels:
            self._complain(name, f"must be one of {', '.join(levels)}")
            return None
        return levels.get(text or "")

    def url(self, name: str) -> str | None:
        text = self.text(name, MAX_URL)
        if text is not None and not _is_web_address(text):
            self._complain(name, "must be an http:// or https:// address")
        return text

    def time(self, name: str) -> datetime | None:
        text = self.text(name)
        if text is None:
            return None
        moment = instant(text.upper()) if _RFC_3339.fullmatch(text) else None
        if moment is None:
            self._complain(name, "must be an RFC 3339 time with offset, such as 2026-11-20T10:00:00Z")
        return moment

    def nested(self, name: str) -> "_Form":
        value = self._raw.get(name)
        if value is not None and not isinstance(value, dict):
            self._complain(name, "must be an object")
        return _Form(value if isinstance(value, dict) else {}, f"{self._path}{name}.", self.errors)

    def tags(self, name: str) -> tuple[str, ...]:
        value = self._raw.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > MAX_TAGS:
            self._complain(name, f"must be a list of at most {MAX_TAGS} texts")
            return ()
        items = _Form({f"{name}[{place}]": item for place, item in enumerate(value)}, self._path, self.errors)
        texts = (items.text(place, MAX_TAG) for place in list(items._raw))
        return tuple(dict.fromkeys(text for text in texts if text))

    def free_object(self, name: str) -> JsonObject:
        value = self._raw.get(name)
        if value is not None and not isinstance(value, dict):
            self._complain(name, "must be an object")
            return {}
        if _is_deeper(value, MAX_DEPTH):
            self._complain(name, f"must not be nested deeper than {MAX_DEPTH} levels")
            return {}
        return {clean(key): tidy(item) for key, item in (value or {}).items()}

    def _complain(self, name: str, problem: str) -> None:
        self.errors.append(FieldError(self._path + name, problem))


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        whole = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and whole and text.isprintable() and " " not in text


def _is_deeper(value: JsonValue, levels: int) -> bool:
    """Whether lists and objects are nested below this many levels: storage and readers must cope with what we keep."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        return False
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in inner)
