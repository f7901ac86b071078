"""One pass over a channel's recent past: from where to where, how far it is, and what is to be looked at."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from core.history import Allowance, Page
from core.signal import ConversationKey
from db import Duty
from pipeline.past.gaps import Suspect

OVERLAP = timedelta(minutes=10)
"""How far a walk goes back where every request must be weighed, and how new an answer makes its thread worth a read."""
SETTLES_AFTER = timedelta(minutes=1)
"""Live events get so long to come and to be processed before their message counts as missed."""


@dataclass
class Walk:
    """One pass over a channel's recent past, as the duty's cursor keeps it."""

    since: datetime
    until: datetime
    threads_since: datetime
    began: bool = False
    position: dict[str, Any] | None = None
    suspects: list[Suspect] = field(default_factory=list)
    allowance: Allowance | None = None
    repaired: int = 0

    @classmethod
    def of(cls, duty: Duty, now: datetime, look_back: timedelta) -> "Walk":
        """The walk that was begun, or a new one. Nothing is read that was said before the channel was captured."""
        stored = duty.cursor
        kept = stored.get("allowance")
        allowance = Allowance(int(kept[0]), float(kept[1])) if kept else None
        complete = duty.complete_until or duty.created_at
        back = OVERLAP if allowance is not None and allowance.is_narrow else look_back
        began = "until" in stored
        return cls(
            since=max(complete - back, duty.created_at),
            until=datetime.fromisoformat(stored["until"]) if began else max(complete, now - SETTLES_AFTER),
            threads_since=max(complete - OVERLAP, duty.created_at),
            began=began,
            position=stored.get("position"),
            suspects=[_suspect(each) for each in stored.get("suspects", ())],
            allowance=allowance,
            repaired=int(stored.get("repaired", 0)),
        )

    @property
    def is_narrow(self) -> bool:
        """Whether every request must be weighed."""
        return self.allowance is not None and self.allowance.is_narrow

    @property
    def pace(self) -> float:
        """Seconds between two requests."""
        return self.allowance.pace_seconds if self.allowance else 0.0

    def note(self, page: Page | None, new: list[Suspect], repaired: int) -> None:
        """What one request brought."""
        self.repaired += repaired
        if page is None:
            self.suspects = self.suspects[1:]
            return
        self.began, self.position, self.allowance = True, page.position, page.allowance
        known = {suspect.ref for suspect in self.suspects}
        self.suspects += [suspect for suspect in new if suspect.ref not in known]

    def as_json(self) -> dict[str, Any]:
        """The cursor of a walk that goes on."""
        return self.remains() | {
            "until": self.until.isoformat(),
            "position": self.position,
            "suspects": [[s.ref, s.conversation and [s.conversation.kind, s.conversation.ref]] for s in self.suspects],
        }

    def remains(self) -> dict[str, Any]:
        """The cursor between two walks: what was learned of the limit, and how much was repaired so far."""
        learned = [self.allowance.page_size, self.allowance.pace_seconds] if self.allowance else None
        return {"allowance": learned, "repaired": self.repaired}


def _suspect(stored: list[Any]) -> Suspect:
    ref, conversation = stored
    return Suspect(ref, ConversationKey(*conversation) if conversation else None)
