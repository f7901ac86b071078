"""The embedded engine: one thread per step in this process, woken by a condition variable.

Rows written by other processes wake nobody here; they are found at the next look, every second.
"""

import threading
from collections.abc import Sequence
from datetime import datetime

from core.clock import Clock
from core.logs import get_logger
from pipeline.engine.steps import Step

LOOK_EVERY_SECONDS = 1.0
GATHER_SECONDS = 0.02
"""After a batch the step rests this long, so that a stream of events makes batches instead of one step each, and
whoever stores them gets the writer's turn in between."""

log = get_logger()


class EmbeddedEngine:
    """Threads that call the steps until stopped."""

    def __init__(self, steps: Sequence[Step], clock: Clock) -> None:
        self._clock = clock
        self._woken = threading.Condition()
        self._wakes = 0
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(step,), name=f"step-{step.name}", daemon=True) for step in steps
        ]

    def start(self) -> None:
        """Starts the threads."""
        for thread in self._threads:
            thread.start()

    def wake(self, _: str = "") -> None:
        """Something became due just now, of whatever kind: every step looks. Never blocks on the work itself."""
        with self._woken:
            self._wakes += 1
            self._woken.notify_all()

    def stop(self, timeout: float = 10.0) -> None:
        """Lets the running batches end; what is unfinished stays due."""
        self._stopping.set()
        self.wake()
        for thread in self._threads:
            thread.join(timeout)

    def _work(self, step: Step) -> None:
        while not self._stopping.is_set():
            seen = self._wakes
            done, next_due_at = self._run(step)
            if done:
                self._stopping.wait(GATHER_SECONDS)
            else:
                self._rest(seen, next_due_at)

    def _run(self, step: Step) -> tuple[int, datetime | None]:
        try:
            progress = step.run()
            if progress.wakes:
                self.wake()
            return progress.done, progress.next_due_at
        except Exception:  # the database is away or a step is wrong: the rows are still due, come again
            log.exception("step_failed", step=step.name)
            return 0, None

    def _rest(self, seen: int, next_due_at: datetime | None) -> None:
        """Until something wakes us, falls due, or it is time to look."""
        wait = LOOK_EVERY_SECONDS
        if next_due_at is not None:
            wait = min(wait, max(0.01, (next_due_at - self._clock()).total_seconds()))
        with self._woken:
            if self._wakes == seen and not self._stopping.is_set():
                self._woken.wait(wait)
