"""A channel gets another id: what was captured under the old one carries on under the new one, and nothing is twice.

New arrivals are led to the new id first (`pipeline.installations.changes`), then the rows follow in batches of a
transaction each, so that a large channel holds nobody up. Running it again finds what is left.
"""

import re
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.clock import Clock
from core.signal import ConversationKey
from db import ConversationLink, Database, Receipt, Signal
from db.search import index_signals
from pipeline.conversations import INTERNAL_THREAD, resolve

BATCH = 200
_FROM_SOURCE = (
    "source_version", "source_url", "verbatim", "source_metadata", "occurred_at", "edited_at", "deleted_at",
    "author_name", "author_email", "author_external_id", "author_affiliation", "account_external_id", "account_name",
)  # fmt: skip


def move_channel(database: Database, clock: Clock, workspace_id: str, old_id: str, new_id: str) -> int:
    """How many signals moved."""
    moved = 0
    while True:
        with database.write() as session:
            batch = _move_signals(session, workspace_id, old_id, new_id, clock())
        moved += batch
        if batch < BATCH:
            break
    while _move_waiting(database, workspace_id, old_id, new_id) == BATCH:
        pass
    with database.write() as session:
        _join_threads(session, workspace_id, old_id, new_id, clock())
    return moved


def _move_signals(session: Session, workspace_id: str, old_id: str, new_id: str, now: datetime) -> int:
    of_slack = (Signal.workspace_id == workspace_id, Signal.source == "slack", Signal.source_scope == "")
    # A range instead of LIKE, whose wildcards an id may hold: ";" is the character after ":".
    in_old = (Signal.source_ref >= f"{old_id}:", Signal.source_ref < f"{old_id};")
    rows = session.scalars(select(Signal).where(*of_slack, *in_old).limit(BATCH).with_for_update()).all()
    refs = {row.source_ref: f"{new_id}:{row.source_ref.removeprefix(f'{old_id}:')}" for row in rows}
    twins = session.scalars(select(Signal).where(*of_slack, Signal.source_ref.in_(refs.values())).with_for_update())
    by_ref = {twin.source_ref: twin for twin in twins}
    for row in rows:
        if (twin := by_ref.get(refs[row.source_ref])) is not None:
            _merge(session, row, twin)
    for row in rows:
        row.source_ref, row.updated_at = refs[row.source_ref], now
        row.source_metadata = {**row.source_metadata, "channel": new_id}
        row.source_url = _moved_link(row.source_url, old_id, new_id) if row.source_url else None
    session.flush()
    index_signals(session, [row.id for row in rows])
    return len(rows)


def _moved_link(url: str, old_id: str, new_id: str) -> str:
    """The link to the message, which names the channel in its path or its query."""
    return re.sub(rf"(?<![A-Za-z0-9]){re.escape(old_id)}(?![A-Za-z0-9])", lambda _: new_id, url)


def _move_waiting(database: Database, workspace_id: str, old_id: str, new_id: str) -> int:
    """What was said there and not kept waits for its thread under the name that the thread has now."""
    inside = (Receipt.workspace_id == workspace_id, Receipt.thread >= f"{old_id}:", Receipt.thread < f"{old_id};")
    with database.write() as session:
        rows = session.scalars(select(Receipt).where(*inside).limit(BATCH).with_for_update()).all()
        for row in rows:
            row.thread = f"{new_id}:{(row.thread or '').removeprefix(f'{old_id}:')}"
    return len(rows)


def _merge(session: Session, row: Signal, twin: Signal) -> None:
    """The same message under both ids: the row stays, with what people decided for it, and takes what is newer."""
    if twin.source_version > row.source_version:
        for name in _FROM_SOURCE:
            setattr(row, name, getattr(twin, name))
    session.execute(update(Receipt).where(Receipt.signal_id == twin.id).values(signal_id=row.id))
    session.execute(delete(Signal).where(Signal.id == twin.id))


def _join_threads(session: Session, workspace_id: str, old_id: str, new_id: str, now: datetime) -> None:
    """A thread is one conversation by either name: late words and the other platform's may use the old one."""
    link = ConversationLink
    query = select(link.kind, link.ref).where(
        link.workspace_id == workspace_id,
        link.kind.in_(("slack_thread", INTERNAL_THREAD)),
        link.ref >= f"{old_id}:",
        link.ref < f"{old_id};",
    )
    names = [
        (ConversationKey(kind, ref), ConversationKey(kind, f"{new_id}:{ref.removeprefix(f'{old_id}:')}"))
        for kind, ref in session.execute(query)
    ]
    resolve(session, ((workspace_id, both) for both in names), now)
