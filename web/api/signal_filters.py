"""Which signals a list shows."""

from collections.abc import Iterator
from typing import Literal, TypeAlias

from pydantic import Field
from sqlalchemy import ColumnElement, and_, exists, func, or_
from sqlalchemy.orm import InstrumentedAttribute

from core.search_text import parse_query
from core.signal import Severity
from db import Signal, SignalCopy, SignalStatus
from db.search import matching
from db.search_facets import FacetKind, facet
from web.api.fields import ListQuery, Moment, Query, Text

Sort: TypeAlias = Literal["newest", "relevance"]


class SignalChoice(Query):
    """Every filter that is sent must hold."""

    q: Text | None = Field(
        default=None,
        description="Words in the verbatim or the interpretation, in any case and with or without accents; all must be "
        'there. `"an exact phrase"`, `begin*`, `-without`.',
    )
    source: Text | None = Field(default=None, description="The platform, such as `slack`.")
    status: SignalStatus | None = None
    severity: Severity | None = None
    account: Text | None = Field(default=None, description="The account's name or external id, in any case.")
    channel: Text | None = Field(default=None, description="The Slack channel's id.")
    author: Text | None = Field(default=None, description="The author's name, e-mail or external id, in any case.")
    conversation: Text | None = Field(default=None, description="The conversation's id.")
    since: Moment | None = Field(default=None, description="Said at this time or later.")
    until: Moment | None = Field(default=None, description="Said before this time.")
    include_deleted: bool = Field(default=False, description="Also those that were deleted at the source.")
    include_trivial: bool = Field(
        default=False, description='Also those that say nothing of their own, such as "thanks!".'
    )
    include_copies: bool = Field(
        default=False,
        description="Also copies of words that another source told first, such as Pylon's of Slack's.",
    )


class SignalFilters(SignalChoice, ListQuery):
    """Every filter that is sent must hold."""

    sort: Sort = Field(
        default="newest",
        description="`newest` first, or by `relevance`: of the newest signals that are found, up to 500 (200 when `q` "
        "has a phrase or `begin*`), those first that fit the words best. Without `q` it is `newest`.",
    )


def conditions(filters: SignalChoice) -> Iterator[ColumnElement[bool]]:
    """What must hold of a signal."""
    if filters.q is not None:
        yield matching(parse_query(filters.q))
    yield from besides_words(filters)


def facets_asked(filters: SignalChoice) -> list[str]:
    """What of the filters the search index knows."""
    kinds: tuple[FacetKind, ...] = ("source", "status", "severity", "account", "author", "channel")
    return [facet(kind, value) for kind in kinds if (value := getattr(filters, kind)) is not None]


def besides_words(filters: SignalChoice) -> Iterator[ColumnElement[bool]]:
    """What must hold of a signal whatever it says."""
    for column, value in (
        (Signal.source, filters.source),
        (Signal.status, filters.status),
        (Signal.severity, filters.severity),
        (Signal.conversation_id, filters.conversation),
    ):
        if value is not None:
            yield column == value
    if filters.account is not None:
        yield _any_equals(filters.account, Signal.account_external_id, Signal.account_name)
    if filters.author is not None:
        yield _any_equals(filters.author, Signal.author_name, Signal.author_email, Signal.author_external_id)
    if filters.channel is not None:
        yield _in_channel(filters.channel)
    yield from _in_time(filters)
    if not filters.include_deleted:
        yield Signal.deleted_at.is_(None)
    if not filters.include_trivial:
        yield Signal.is_trivial.is_(False)
    if not filters.include_copies:
        yield ~exists().where(SignalCopy.signal_id == Signal.id)


def _any_equals(value: str, *columns: InstrumentedAttribute[str | None]) -> ColumnElement[bool]:
    return or_(*(func.lower(column) == func.lower(value) for column in columns))


def _in_channel(channel: str) -> ColumnElement[bool]:
    """Slack refs are ``channel:ts``: everything from ``channel:`` up to the character after the colon."""
    return and_(Signal.source == "slack", Signal.source_ref >= f"{channel}:", Signal.source_ref < f"{channel};")


def _in_time(filters: SignalChoice) -> Iterator[ColumnElement[bool]]:
    if filters.since is not None:
        yield Signal.occurred_at >= filters.since
    if filters.until is not None:
        yield Signal.occurred_at < filters.until
