"""The step that decides: due events become signals, in batches, and one bad event never holds back its batch."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.adapter import Adapter
from core.clock import Clock
from core.logs import get_logger
from db import Database, Event
from db.dialects import is_unavailable
from db.stream import Lane
from pipeline.claim import change_lane, claim_due, claim_one, has_due, next_due_at
from pipeline.engine.steps import Progress
from pipeline.fail import fail_event
from pipeline.planning import make_plans
from pipeline.settle import settle

BATCH = 100
IMPORTED = 50
"""Of what was read from history few go with each batch, and only into the room that live events leave."""
LANES: tuple[Lane, ...] = ("decide", "import")

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """Claims, decides and settles in one transaction, without the network. Events that need it change to the lane of
    `pipeline.complete.Complete`.
    """

    database: Database
    adapters: Mapping[str, Adapter]
    clock: Clock

    name = "process"

    def run(self) -> Progress:
        """Takes one batch of due events as far as it goes."""
        if not any(has_due(self.database, lane, self.clock()) for lane in LANES):
            return Progress(0, next_due_at(self.database, *LANES))
        try:
            with self.database.write() as session:
                events = _claim(session, self.clock())
                handed_on = self._take(session, events)
        except Exception as error:
            if is_unavailable(error):
                raise
            return self._run_singly()
        return Progress(len(events), wakes=("complete",) if handed_on else ())

    def _take(self, session: Session, events: Sequence[Event]) -> int:
        """Settles what can be settled; returns how many were handed on."""
        now = self.clock()
        plans = make_plans(session, self.adapters, events, now)
        settle(session, [plan for plan in plans if not plan.is_waiting], now)
        waiting: dict[float, list[str]] = defaultdict(list)
        for plan in plans:
            if plan.is_waiting:
                waiting[plan.after].append(plan.event.id)
        for after, ids in waiting.items():
            change_lane(session, ids, "complete", now + timedelta(seconds=after))
        return sum(map(len, waiting.values()))

    def _run_singly(self) -> Progress:
        """The batch held something that cannot be written: one by one, so that only that one fails."""
        with self.database.read() as session:
            ids = [event.id for event in _claim(session, self.clock())]
        for event_id in ids:
            try:
                with self.database.write() as session:
                    event = claim_one(session, event_id)
                    self._take(session, [event] if event else [])
            except Exception as error:
                if is_unavailable(error):
                    raise
                log.warning("event_not_storable", event_id=event_id, exc_info=error)
                fail_event(self.database, self.adapters, event_id, "not_storable", self.clock())
        return Progress(len(ids), wakes=("complete",))


def _claim(session: Session, now: datetime) -> Sequence[Event]:
    """Live events first, always: imported ones never hold them up, however many there are."""
    live = claim_due(session, "decide", now, limit=BATCH)
    room = min(IMPORTED, BATCH - len(live))
    return [*live, *claim_due(session, "import", now, limit=room)] if room else live
