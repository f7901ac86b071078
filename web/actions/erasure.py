"""Erasing what a person or an account said: the words go, and a tombstone keeps them from coming back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from core.errors import FieldError, InvalidFields
from db import DirectoryEntry, Integration, Signal, SignalRevision
from db.search import index_signals
from pipeline.forgetting import ERASED, forget_payloads, forget_unkept
from web.actions import Actor, audit
from web.services import services

BATCH = 500
ERASED_REASON = ERASED
ERASED_VERSION = "~erased"
"""Sorts after every version that a source can give, so that no late event ever writes to the tombstone."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose words: a person by external id or e-mail, or an account by external id or name; exactly one is set."""

    author: str | None = None
    account: str | None = None


def count_erasable(session: Session, who: Actor, whose: Whose) -> int:
    """How many signals an erasure would reach now."""
    return session.scalar(select(func.count()).select_from(Signal).where(_theirs(who, _checked(whose)))) or 0


def erase(who: Actor, whose: Whose) -> int:
    """Erases them in batches, each whole in itself; returns how many signals were erased.

    Of a signal remain its place, its times and a deletion mark; of its events the receipts, with the reason ``erased``.
    Payloads go too, unless another workspace received the same event: there it is hidden from this one. So does what
    these people said and what was not kept.
    """
    whose, erased, people = _checked(whose), 0, _known_as(who, whose)
    while rows := _erase_batch(who, whose):
        erased += len(rows)
        people |= {author for _, author in rows if author}
    while people and _erase_unkept(who, people):
        pass
    with services().database.write() as session:
        by = "author" if whose.author is not None else "account"
        audit(session, who, "signals.erased", None, {"by": by, "signals": erased})
    return erased


def _checked(whose: Whose) -> Whose:
    author, account = (whose.author or "").strip(), (whose.account or "").strip()
    if bool(author) == bool(account):
        raise InvalidFields([FieldError("author", "Name one author or one account.")])
    return Whose(author or None, account or None)


def _theirs(who: Actor, whose: Whose) -> ColumnElement[bool]:
    if whose.author is not None:
        named = or_(Signal.author_external_id == whose.author, func.lower(Signal.author_email) == whose.author.lower())
    else:
        account = (whose.account or "").lower()
        named = or_(Signal.account_external_id == whose.account, func.lower(Signal.account_name) == account)
    return and_(Signal.workspace_id == who.workspace_id, Signal.source_version != ERASED_VERSION, named)


def _known_as(who: Actor, whose: Whose) -> set[str]:
    """The ids at the source of a person who is named, as far as platforms told of them."""
    if whose.author is None:
        return set()
    entry, email = DirectoryEntry, func.lower(DirectoryEntry.facts["email"].as_string())
    ours = select(Integration.id).where(Integration.workspace_id == who.workspace_id)
    known = select(entry.ref).where(entry.integration_id.in_(ours), entry.kind == "user")
    with services().database.read() as session:
        return {whose.author, *session.scalars(known.where(email == whose.author.lower()))}


def _erase_unkept(who: Actor, people: Collection[str]) -> int:
    with services().database.write() as session:
        return forget_unkept(session, who.workspace_id, people, reason=ERASED_REASON)


def _erase_batch(who: Actor, whose: Whose) -> Sequence[tuple[str, str | None]]:
    now = services().clock()
    with services().database.write() as session:
        found = select(Signal.id, Signal.author_external_id).where(_theirs(who, whose)).order_by(Signal.id).limit(BATCH)
        rows = [(row.id, row.author_external_id) for row in session.execute(found)]
        ids = [signal_id for signal_id, _ in rows]
        if ids:
            if whose.author is not None:
                _forget_names(session, who.workspace_id, {author for _, author in rows if author})
            forget_payloads(session, who.workspace_id, ids, reason=ERASED_REASON)
            session.execute(delete(SignalRevision).where(SignalRevision.signal_id.in_(ids)))
            _bury(session, ids, now)
            index_signals(session, ids)
    return rows


def _forget_names(session: Session, workspace_id: str, people: Collection[str]) -> None:
    """What platforms told of these people."""
    ours = select(Integration.id).where(Integration.workspace_id == workspace_id)
    known = delete(DirectoryEntry).where(DirectoryEntry.integration_id.in_(ours), DirectoryEntry.ref.in_(people))
    session.execute(known.where(DirectoryEntry.kind.in_(("user", "contact"))))


def _bury(session: Session, ids: Sequence[str], now: datetime) -> None:
    """What a deletion at the source leaves, without the words that a source's deletion keeps."""
    nothing = dict.fromkeys(
        ("interpretation", "user_segment", "author_name", "author_email", "author_external_id", "account_name",
         "account_external_id", "conversation_id", "source_url", "severity", "frequency")
    )  # fmt: skip
    emptied = {"verbatim": "", "author_affiliation": "unknown", "tags": [], "links": [], "source_metadata": {}}
    kept = {"source_version": ERASED_VERSION, "deleted_at": func.coalesce(Signal.deleted_at, now), "updated_at": now}
    session.execute(update(Signal).where(Signal.id.in_(ids)).values(**nothing, **emptied, **kept))
