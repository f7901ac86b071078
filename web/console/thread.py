"""A conversation as people read it: its signals, and what was said among them, in order."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from pipeline.beside import said_beside
from web.console import stream
from web.console.rows import BesideRow, SignalRow, beside_row, signal_row
from web.services import services


def thread_rows(session: Session, workspace_id: str, conversation_id: str) -> Sequence[SignalRow | BesideRow]:
    """Everything that was said in the workspace's conversation, from every source."""
    signals = map(signal_row, stream.of_conversation(session, conversation_id))
    beside = said_beside(session, services().retellers, workspace_id, conversation_id, services().clock())
    return sorted([*signals, *map(beside_row, beside)], key=lambda row: row.occurred_at)
