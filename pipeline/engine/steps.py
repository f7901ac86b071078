"""What an engine runs: a step does one batch of due work and says when the next falls due."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run of a step did, when its next row falls due (None: nothing waits), and which other steps it gave
    work to.
    """

    done: int
    next_due_at: datetime | None = None
    wakes: tuple[str, ...] = ()


class Step(Protocol):
    """One kind of due work. Running it too often, twice at once or not at all for a while loses and doubles nothing."""

    @property
    def name(self) -> str:
        """The kind, as it stands in logs and queues."""

    def run(self) -> Progress:
        """One batch."""
