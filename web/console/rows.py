"""What the templates show: plain values made from rows, so that a page needs no open session and no logic."""

import json
from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.taming import JsonValue, Tame
from db import Event, Receipt, Signal, SignalRevision
from pipeline.beside import Beside
from web.console.reasons import outcome_in_words, reason_in_words
from web.console.wording import account_label, humanized, iso, web_link

_SHOWN_ELSEWHERE = frozenset({"channel_name", "issue_title", "title"})
_TECHNICAL = frozenset(
    {"channel", "channel_type", "ts", "thread_ts", "team", "subtype", "issue_id", "message_id", "limited"}
)


@dataclass(frozen=True, slots=True)
class SignalRow:
    """One signal in the stream. A deleted one has no words any more; ``url`` is a web link or None.

    ``account_key`` is what the account is looked up by; without a name, ``account`` says which id it has and where.
    ``is_limited``: told by a delivery alone, since its connection had no API token.
    """

    id: str
    version: str
    source: str
    author: str
    affiliation: str
    account: str | None
    account_key: str | None
    account_is_named: bool
    channel: str | None
    where: str | None
    verbatim: str
    url: str | None
    status: str
    severity: str | None
    tags: tuple[str, ...]
    is_trivial: bool
    is_limited: bool
    occurred_at: datetime
    edited_at: datetime | None
    deleted_at: datetime | None
    is_signal: bool = True


@dataclass(frozen=True, slots=True)
class BesideRow:
    """What was said among the signals of a conversation and is none; ``why`` in words."""

    source: str
    author: str
    affiliation: str
    verbatim: str
    url: str | None
    why: str | None
    occurred_at: datetime
    edited_at: datetime | None
    is_signal: bool = False


@dataclass(frozen=True, slots=True)
class SignalDetail:
    """What only the signal's own page shows. ``facts`` are label, value, and the web page it leads to."""

    row: SignalRow
    author_email: str | None
    author_external_id: str | None
    account_external_id: str | None
    interpretation: str | None
    frequency: str | None
    user_segment: str | None
    links: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str, str | None], ...]
    source_ref: str
    conversation_id: str | None
    captured_at: datetime


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """What became of one event that touched a signal."""

    event_id: str
    signal_id: str | None
    platform: str
    type: str
    outcome: str
    meaning: str
    reason: str | None
    received_at: datetime
    repeats: int
    payload: str | None


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """What a signal said until it was edited."""

    verbatim: str
    replaced_at: datetime


def signal_row(signal: Signal) -> SignalRow:
    """The signal as the stream shows it."""
    gone = signal.deleted_at is not None
    return SignalRow(
        id=signal.id,
        version=iso(signal.updated_at),
        source=signal.source,
        author=signal.author_name or signal.author_email or signal.author_external_id or "Somebody",
        affiliation=signal.author_affiliation,
        account=signal.account_name or account_label(signal.source, signal.account_external_id),
        account_key=signal.account_name or signal.account_external_id,
        account_is_named=bool(signal.account_name),
        channel=signal.source_ref.partition(":")[0] if signal.source == "slack" else None,
        where=_where(signal),
        verbatim="" if gone else signal.verbatim,
        url=web_link(signal.source_url),
        status=signal.status,
        severity=signal.severity,
        tags=tuple(signal.tags),
        is_trivial=signal.is_trivial,
        is_limited=signal.source_metadata.get("limited") is True,
        occurred_at=signal.occurred_at,
        edited_at=signal.edited_at,
        deleted_at=signal.deleted_at,
    )


def beside_row(said: Beside) -> BesideRow:
    """Words beside the signals as their conversation shows them."""
    return BesideRow(
        source=said.source,
        author=said.author.name or said.author.email or said.author.external_id or "Somebody",
        affiliation=said.author.affiliation,
        verbatim=said.words,
        url=web_link(said.url),
        why=reason_in_words(said.reason),
        occurred_at=said.occurred_at,
        edited_at=said.edited_at,
    )


def signal_detail(signal: Signal, *, told_already: Set[str] = frozenset()) -> SignalDetail:
    """The signal as its own page shows it, without the metadata that the page tells in another place."""
    return SignalDetail(
        row=signal_row(signal),
        author_email=signal.author_email,
        author_external_id=signal.author_external_id,
        account_external_id=signal.account_external_id,
        interpretation=signal.interpretation if signal.deleted_at is None else None,
        frequency=signal.frequency,
        user_segment=signal.user_segment,
        links=tuple(_links(signal.links)),
        facts=tuple(_facts(signal.source_metadata, _SHOWN_ELSEWHERE | _TECHNICAL | told_already))
        if signal.deleted_at is None
        else (),
        source_ref=signal.source_ref,
        conversation_id=signal.conversation_id,
        captured_at=signal.created_at,
    )


def receipt_row(receipt: Receipt, event: Event, *, with_payload: bool) -> ReceiptRow:
    """The receipt together with the event it is for; the payload as it arrived, made readable."""
    return ReceiptRow(
        event_id=event.id,
        signal_id=receipt.signal_id,
        platform=event.platform,
        type=event.type,
        outcome=receipt.outcome,
        meaning=outcome_in_words(receipt.outcome),
        reason=reason_in_words(receipt.reason),
        received_at=event.received_at,
        repeats=event.repeats,
        payload=_readable(event.payload) if with_payload else None,
    )


def revision_row(revision: SignalRevision) -> RevisionRow:
    """An earlier version."""
    return RevisionRow(revision.verbatim, revision.replaced_at)


def _where(signal: Signal) -> str | None:
    """The place within the source, if it has a name."""
    metadata = Tame(signal.source_metadata)
    if channel := metadata.text("channel_name"):
        return f"#{channel.removeprefix('#')}"
    return metadata.text("issue_title", "title")


def _readable(payload: bytes) -> str:
    """Indented when it is JSON, else as text."""
    text = payload.decode("utf-8", "replace")
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return text


def _links(links: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """URL and title of those that lead to web pages."""
    for link in map(Tame, links):
        if url := web_link(link.text("url")):
            yield url, link.text("title") or url


def _facts(metadata: dict[str, JsonValue], left_out: Set[str]) -> Iterator[tuple[str, str, str | None]]:
    """What the source added, as far as a person can read it."""
    for name, value in metadata.items():
        if name not in left_out and isinstance(value, str | int | float) and str(value).strip():
            yield humanized(name), str(value), web_link(value)
