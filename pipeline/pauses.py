"""The pauses that platforms asked for, as rows, so that every process and machine keeps them."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select

from core.clock import Clock
from db import Database, Pause
from db.dialects import insert_into, latest


@dataclass(frozen=True, slots=True)
class StoredPauses:
    """Implements `core.adapter.Pauses`."""

    database: Database
    clock: Clock

    def remaining(self, owner: str, endpoint: str) -> float:
        """See `core.adapter.Pauses.remaining`."""
        with self.database.read() as session:
            until = session.scalar(select(Pause.until).where(Pause.owner == owner, Pause.endpoint == endpoint))
        return max(0.0, (until - self.clock()).total_seconds()) if until else 0.0

    def pause(self, owner: str, endpoint: str, seconds: float) -> None:
        """See `core.adapter.Pauses.pause`."""
        now = self.clock()
        row = {"owner": owner, "endpoint": endpoint, "until": now + timedelta(seconds=seconds)}
        with self.database.write() as session:
            session.execute(delete(Pause).where(Pause.until <= now))
            insert = insert_into(session, Pause)
            later = {"until": latest(session, Pause.until, insert.excluded.until)}
            session.execute(insert.on_conflict_do_update(index_elements=["owner", "endpoint"], set_=later), [row])
