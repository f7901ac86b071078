"""What is looked for: the address of a list of signals, read into filters."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from flask import url_for
from pydantic import ValidationError

from core.taming import clean
from web.actions.saved_views import FIELDS
from web.api.signal_filters import SignalChoice

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PLAIN = {
    "status": "There is no such status.",
    "severity": "There is no such severity.",
    "since": "This must be a day, such as 2026-11-20.",
    "until": "This must be a day, such as 2026-11-20.",
}


@dataclass(frozen=True)
class Search:
    """The parameters as they were sent, without the empty ones; ``errors`` says in words what cannot be looked for,
    and then ``filters`` is None.
    """

    values: Mapping[str, str]
    filters: SignalChoice | None
    errors: Mapping[str, str]

    @property
    def is_by_relevance(self) -> bool:
        """Whether what fits the words best comes first."""
        return "sort" in self.values

    @property
    def words(self) -> str:
        """What to mark in the texts; empty when nothing is looked for by its words."""
        return self.values.get("q", "")

    def with_deleted(self) -> "Search":
        """The same search, which also finds what was deleted at its source."""
        filters = self.filters.model_copy(update={"include_deleted": True}) if self.filters else None
        return replace(self, filters=filters)


def signals_url(values: Mapping[str, str]) -> str:
    """The address of the list that shows this."""
    return url_for("console.signals") + ("?" + urlencode(values) if values else "")


def read_search(args: Mapping[str, str]) -> Search:
    """The search in an address. Days are whole days in UTC; what was deleted is not found by its words."""
    values = {name: text for name in FIELDS if (text := clean(args.get(name, "")).strip())}
    if values.get("sort") != "relevance" or "q" not in values:
        values.pop("sort", None)
    sent: dict[str, object] = {**values, "include_deleted": "q" not in values}
    sent.pop("sort", None)
    sent |= {name: _moment(values[name], is_end=name == "until") for name in ("since", "until") if name in values}
    try:
        return Search(values, SignalChoice.model_validate(sent), {})
    except ValidationError as error:
        return Search(
            values, None, {str(name): _sentence(str(name)) for each in error.errors() for name in each["loc"]}
        )


def _moment(text: str, *, is_end: bool) -> str:
    """A day as its first moment, or as that of the next one; other texts as they are."""
    if not _DAY.fullmatch(text):
        return text
    try:
        day = date.fromisoformat(text) + timedelta(days=is_end)
    except (ValueError, OverflowError):
        return text
    return f"{day.isoformat()}T00:00:00Z"


def _sentence(field: str) -> str:
    return _PLAIN.get(field, "This is too long, or not a text that can be looked for.")
