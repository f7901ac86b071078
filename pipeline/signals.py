"""Writes signals: one statement per batch, where only a newer version wins and a tombstone stays one."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import case, func, select, tuple_
from sqlalchemy.orm import Session

from core.ids import new_id
from core.signal import Capture, Removal, Write
from core.taming import JsonObject, bounded, tidy
from db import Signal, SignalRevision
from db.dialects import insert_into
from db.search import index_signals
from pipeline.conversations import resolve
from pipeline.forgetting import redact
from pipeline.names.naming import PROVISIONAL
from pipeline.places import Place, Placed, Written, place_columns, stored
from pipeline.welcome import find_unwelcome

_FROM_SOURCE = (
    "source_version", "source_url", "verbatim", "author_affiliation", "source_metadata", "edited_at", "is_trivial",
)  # fmt: skip
_KEPT_WHEN_ABSENT = (
    "author_name", "author_email", "author_external_id", "account_external_id", "account_name", "conversation_id",
)  # fmt: skip


def write_signals(session: Session, writes: Iterable[Placed], now: datetime) -> dict[int, Written]:
    """Writes them all; answers by ``id()`` of each `Placed`. What people decided (status, interpretation, tags, …)
    is never overwritten by the source.
    """
    writes = list(writes)
    unwelcome = find_unwelcome(session, writes)
    welcome = [placed for placed in writes if id(placed) not in unwelcome]
    return unwelcome | _capture(session, welcome, now) | _remove(session, welcome, now)


def _capture(session: Session, writes: list[Placed], now: datetime) -> dict[int, Written]:
    captures = [(placed, placed.write) for placed in writes if isinstance(placed.write, Capture)]
    newest = _newest((placed.place, write) for placed, write in captures)
    conversations = resolve(session, ((place.workspace_id, w.conversation) for place, w in newest.items()), now)
    rows = {place: _captured(place, write, conversations, now) for place, write in newest.items()}
    _keep_revisions(session, newest, now)
    taken = _upsert(session, rows, _capture_changes)
    index_signals(session, taken.values())
    settled = stored(session, newest)
    outcomes: dict[int, Written] = {}
    for placed, write in captures:
        signal_id, version = settled.get(placed.place, (None, ""))
        if write.version != version:
            outcomes[id(placed)] = Written("superseded", signal_id, "newer_version_stored")
        elif placed.place not in taken:
            outcomes[id(placed)] = Written("captured", signal_id, "unchanged")
        else:
            is_new = rows[placed.place]["id"] == signal_id
            outcomes[id(placed)] = Written("captured" if is_new else "updated", signal_id)
    return outcomes


def _remove(session: Session, writes: list[Placed], now: datetime) -> dict[int, Written]:
    """After the captures, so that what was said and deleted in one batch is a deleted signal, not a bare tombstone."""
    removals = [(placed, placed.write) for placed in writes if isinstance(placed.write, Removal)]
    newest = _newest((placed.place, write) for placed, write in removals)
    rows = {place: _removed(place, write, now) for place, write in newest.items()}
    taken = _upsert(session, rows, _removal_changes)
    index_signals(session, taken.values())
    _redact(session, newest, taken, now)
    settled = stored(session, newest)
    outcomes: dict[int, Written] = {}
    for placed, _ in removals:
        signal_id, _ = settled.get(placed.place, (None, ""))
        is_tombstone = placed.place in taken and rows[placed.place]["id"] == signal_id
        reason = "tombstone" if is_tombstone else None if placed.place in taken else "unchanged"
        outcomes[id(placed)] = Written("deleted", signal_id, reason)
    return outcomes


W = TypeVar("W", Capture, Removal)


def _newest(writes: Iterable[tuple[Place, W]]) -> dict[Place, W]:
    """The newest write per place. Sorted, so that concurrent workers lock in one order."""
    newest: dict[Place, W] = {}
    for place, write in writes:
        if place not in newest or write.version > newest[place].version:
            newest[place] = write
    return dict(sorted(newest.items(), key=lambda item: item[0]))


def _redact(session: Session, removals: Mapping[Place, Removal], taken: Mapping[Place, str], now: datetime) -> None:
    by_workspace: dict[str, list[str]] = defaultdict(list)
    for place, write in removals.items():
        if write.redacted and place in taken:
            by_workspace[place.workspace_id].append(taken[place])
    for workspace_id, ids in by_workspace.items():
        redact(session, workspace_id, ids, now)


def _row(place: Place, write: Write, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(Signal.id_prefix),
        "workspace_id": place.workspace_id,
        "source": place.source,
        "source_scope": place.scope,
        "source_ref": place.ref,
        "source_version": write.version,
        "occurred_at": write.occurred_at,
        "status": "new",
        "links": [],
        "created_at": now,
        "updated_at": now,
    }


def _captured(place: Place, write: Capture, conversations: Mapping[Any, str], now: datetime) -> dict[str, Any]:
    keys = ((place.workspace_id, key.kind, key.ref) for key in write.conversation)
    open_question: JsonObject = {PROVISIONAL: write.unless_internal} if write.unless_internal else {}
    return _row(place, write, now) | {
        "source_url": write.url,
        "verbatim": write.verbatim,
        "interpretation": write.interpretation,
        "severity": write.severity,
        "frequency": write.frequency,
        "user_segment": write.user_segment,
        "author_name": write.author.name,
        "author_email": write.author.email,
        "author_external_id": bounded(write.author.external_id) if write.author.external_id else None,
        "author_affiliation": write.author.affiliation,
        "account_external_id": bounded(write.account.external_id) if write.account.external_id else None,
        "account_name": write.account.name,
        "tags": list(write.tags),
        "source_metadata": tidy(write.metadata | open_question),
        "conversation_id": next((conversations[key] for key in keys if key in conversations), None),
        "edited_at": write.edited_at,
        "is_trivial": write.trivial,
    }


def _removed(place: Place, write: Removal, now: datetime) -> dict[str, Any]:
    return _row(place, write, now) | {
        "verbatim": "",
        "tags": [],
        "source_metadata": {},
        "author_affiliation": "unknown",
        "is_trivial": False,
        "deleted_at": write.deleted_at,
    }


def _keep_revisions(session: Session, captures: Mapping[Place, Capture], now: datetime) -> None:
    """What an edit is about to replace. Only writes that carry an edit can replace anything."""
    edits = [place for place, write in captures.items() if write.edited_at is not None]
    if not edits:
        return
    query = select(Signal).where(tuple_(*place_columns()).in_(edits), Signal.deleted_at.is_(None))
    revisions = [
        {
            "signal_id": signal.id,
            "source_version": signal.source_version,
            "workspace_id": signal.workspace_id,
            "verbatim": signal.verbatim,
            "replaced_at": now,
        }
        for signal in session.scalars(query)
        if _replaces(captures[_place_of(signal)], signal)
    ]
    if revisions:
        session.execute(insert_into(session, SignalRevision).on_conflict_do_nothing(), revisions)


def _replaces(write: Capture, signal: Signal) -> bool:
    return write.version > signal.source_version and write.verbatim != signal.verbatim


def _place_of(signal: Signal) -> Place:
    return Place(signal.workspace_id, signal.source, signal.source_scope, signal.source_ref)


def _capture_changes(new: Any) -> dict[str, Any]:
    kept: dict[str, Any] = {name: func.coalesce(new[name], Signal.__table__.c[name]) for name in _KEPT_WHEN_ABSENT}
    # Whoever does not say when words were said is taken by their arrival: a repeat does not make them any younger.
    known = Signal.__table__.c.occurred_at
    kept["occurred_at"] = case((new["occurred_at"] < known, new["occurred_at"]), else_=known)
    return {name: new[name] for name in (*_FROM_SOURCE, "updated_at")} | kept


def _removal_changes(new: Any) -> dict[str, Any]:
    return {name: new[name] for name in ("source_version", "deleted_at", "updated_at")}


def _upsert(session: Session, rows: dict[Place, dict[str, Any]], changes: Any) -> dict[Place, str]:
    """Inserts or updates; returns the ids of the rows that took the write, by place."""
    if not rows:
        return {}
    insert, table = insert_into(session, Signal), Signal.__table__.c
    place = [table.workspace_id, table.source, table.source_scope, table.source_ref]
    statement = insert.on_conflict_do_update(
        index_elements=place,
        set_=changes(insert.excluded),
        where=insert.excluded.source_version > table.source_version,
    ).returning(table.id, *place)
    return {Place(*found): id_ for id_, *found in session.execute(statement, list(rows.values()))}
