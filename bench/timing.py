"""Times of work on a database: by the clock, and by the processors of this process and of the database's.

On a machine that others use too, the clock tells how long they were in the way; the processors' time does not.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import event

from db import Database

Result = TypeVar("Result")
WARM_UP = 3


@dataclass
class Times:
    """Milliseconds of repeated work."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    def add(self, other: "Times") -> None:
        """Takes the other's times in."""
        self.clock += other.clock
        self.processor += other.processor

    def shown(self) -> list[str]:
        """p50 and p95 by the clock, then by the processors."""
        return [f"{percentile(times, share):.1f}" for times in (self.clock, self.processor) for share in (0.5, 0.95)]


class Watch:
    """Watches the connections that are opened to a database from now on."""

    def __init__(self, database: Database) -> None:
        self._servers: set[int] = set()
        database.engine.dispose()
        if database.is_postgresql:
            event.listen(database.engine, "connect", self._remember)

    def time(self, times: Times, work: Callable[[], Result]) -> Result:
        """Does the work once and notes how long it took."""
        processor, clock = self._processor(), time.perf_counter()
        result = work()
        times.clock.append(1000 * (time.perf_counter() - clock))
        times.processor.append(1000 * (self._processor() - processor))
        return result

    def _remember(self, connection: Any, _: object) -> None:
        self._servers.add(connection.info.backend_pid)

    def _processor(self) -> float:
        """Seconds of this process and of the servers behind its connections, as far as Linux tells."""
        spent = time.process_time()
        for server in self._servers:
            try:
                spent += int(Path(f"/proc/{server}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9
            except OSError:
                continue
        return spent


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of them lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
