"""Faults on order: the next calls of an endpoint fail as the platform would fail."""

import threading
from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """One failed answer: the platform's error name, the HTTP status and the seconds to wait, if any are named."""

    error: str
    status: int
    retry_after: int | None = None


class Faults:
    """Queued faults by endpoint name; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queued: dict[str, deque[Fault]] = defaultdict(deque)

    def order(self, endpoint: str, fault: Fault, times: int = 1) -> None:
        """The next ``times`` calls of this endpoint fail so."""
        with self._lock:
            self._queued[endpoint].extend([fault] * times)

    def due(self, endpoint: str) -> Fault | None:
        """The fault that this call meets; it is used up."""
        with self._lock:
            queued = self._queued[endpoint]
            return queued.popleft() if queued else None
