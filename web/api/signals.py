"""``signals``: customers' words, newest first."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from core.signal import Affiliation, Frequency, Severity
from core.taming import JsonObject
from db import Signal as SignalRow
from db import SignalStatus
from web.actions import actor
from web.actions import signals as decided
from web.api.blueprint import api
from web.api.etags import has_etag, require_match, tagged
from web.api.fields import Address, Body, Prose, Tag, Text, optional
from web.api.rows import owned
from web.api.search import best_page, newest_page
from web.api.signal_filters import SignalFilters
from web.auth import caller, needs
from web.services import services

EXAMPLE: JsonObject = {
    "id": "sig_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "source": "slack", "source_scope": "",
    "source_ref": "C0123ABCD:1763632800.000100", "source_version": "1763632800.000100",
    "source_url": "https://acme.slack.com/archives/C0123ABCD/p1763632800000100",
    "verbatim": "The export times out for our largest project.", "interpretation": None, "severity": "high",
    "frequency": None, "user_segment": None,
    "author": {"name": "Ada", "email": "ada@globex.example", "external_id": "U0456", "affiliation": "external"},
    "account": {"external_id": "T0789", "name": "Globex"}, "tags": ["export"], "links": [],
    "conversation_id": "con_01K5ZJ6Q2V5M8X0T3N7R4B9C1E", "source_metadata": {}, "status": "new", "is_trivial": False,
    "occurred_at": "2026-11-20T10:00:00Z", "edited_at": None, "deleted_at": None,
    "created_at": "2026-11-20T10:00:01Z", "updated_at": "2026-11-20T10:00:01Z",
}  # fmt: skip


class SignalAuthor(BaseModel):
    """Who said it, as far as the source tells."""

    name: str | None
    email: str | None
    external_id: str | None
    affiliation: Affiliation


class SignalAccount(BaseModel):
    """For which customer."""

    external_id: str | None
    name: str | None


class SignalLink(BaseModel):
    """Where the signal led to, such as an issue in a tracker."""

    url: str
    title: str | None = None


class Signal(BaseModel):
    """A customer's words: what was said, by whom, for which account, where, and where to find it."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    source: str
    source_scope: str
    source_ref: str
    source_version: str
    source_url: str | None
    verbatim: str
    interpretation: str | None
    severity: Severity | None
    frequency: Frequency | None
    user_segment: str | None
    author: SignalAuthor
    account: SignalAccount
    tags: list[str]
    links: list[SignalLink]
    conversation_id: str | None
    source_metadata: dict[str, Any]
    status: SignalStatus
    is_trivial: bool
    occurred_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, row: SignalRow) -> "Signal":
        """The row as the API shows it."""
        plain = {name: getattr(row, name) for name in cls.model_fields if name not in ("author", "account")}
        author = {name: getattr(row, f"author_{name}") for name in SignalAuthor.model_fields}
        account = {name: getattr(row, f"account_{name}") for name in SignalAccount.model_fields}
        return cls.model_validate({**plain, "author": author, "account": account})


class LinkedTo(Body):
    """Where the signal leads to from now on."""

    url: Address
    title: Text | None = None


class SignalUpdate(Body):
    """Only what is sent is changed; null clears a field, a list replaces the one that was there."""

    status: SignalStatus = optional()
    interpretation: Prose | None = optional()
    severity: Severity | None = optional()
    frequency: Frequency | None = optional()
    user_segment: Text | None = optional()
    tags: list[Tag] = optional(max_length=decided.MOST_TAGS)
    links: list[LinkedTo] = optional(max_length=decided.MOST_LINKS)

    def changes(self) -> decided.SignalChanges:
        """The same in the words of `web.actions`."""
        sent = {name: getattr(self, name) for name in self.model_fields_set}
        if "links" in sent:
            sent["links"] = [decided.Link(link.url, link.title) for link in self.links]
        return decided.SignalChanges(**sent)


class SignalPage(BaseModel):
    """Signals in the order that was asked for."""

    items: list[Signal]
    next_cursor: str | None


@api.get("/signals")
@api.input(SignalFilters, location="query")
@api.output(SignalPage)
def list_signals(query_data: SignalFilters) -> SignalPage:
    """List signals, newest first, or what fits the words best with `sort=relevance`.

    Signals that were deleted at the source are left out unless `include_deleted` is true, small talk such as
    "thanks!" unless `include_trivial` is.
    """
    page = best_page if query_data.sort == "relevance" else newest_page
    with services().database.read() as session:
        rows, next_cursor = page(
            session, caller().workspace_id, query_data, limit=query_data.limit, cursor=query_data.cursor
        )
    return SignalPage(items=[Signal.of(row) for row in rows], next_cursor=next_cursor)


@api.get("/signals/<signal_id>")
@has_etag
@api.output(Signal)
def show_signal(signal_id: str) -> Signal:
    """Show a signal, even one that was deleted at the source."""
    with services().database.read() as session:
        return tagged(Signal.of(owned(session, SignalRow, signal_id, "signal")))


@api.patch("/signals/<signal_id>")
@needs("write")
@has_etag
@api.input(SignalUpdate, example={"status": "reviewed", "severity": "high", "tags": ["export"]})
@api.output(Signal)
def change_signal(signal_id: str, json_data: SignalUpdate) -> Signal:
    """Change what people decide about a signal. What the source says of it stays as it is."""
    with services().database.write() as session:
        require_match(Signal.of(owned(session, SignalRow, signal_id, "signal", lock=True)))
        [row] = decided.change_signals(session, actor(caller()), [signal_id], json_data.changes())
        return tagged(Signal.of(row))
