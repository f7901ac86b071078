"""How often Pylon lets each endpoint be called within a minute, and how its answers say so."""

import math
import threading
from dataclasses import dataclass, field
from datetime import datetime

from core.clock import Clock

USUAL = 10_000
"""Far from every test that does not choose a limit of its own."""
MINUTE = 60


@dataclass(slots=True)
class Budget:
    """Calls that are left of the present minute, by endpoint. ``allowed`` holds the limits that were chosen."""

    clock: Clock
    allowed: dict[str, int] = field(default_factory=dict)
    _spent: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, endpoint: str) -> tuple[int, int]:
        """Spends a call: how many are left after it (-1: it is refused), and the seconds until the minute is over."""
        now = self.clock()
        with self._lock:
            began, spent = self._spent.get(endpoint, (now, 0))
            if (now - began).total_seconds() >= MINUTE:
                began, spent = now, 0
            left = self.allowed.get(endpoint, USUAL) - spent - 1
            if left >= 0:
                self._spent[endpoint] = (began, spent + 1)
        return max(left, -1), max(1, math.ceil(MINUTE - (now - began).total_seconds()))

    def headers(self, left: int, reset: int) -> dict[str, str]:
        """As consumers of Pylon's API read them."""
        return {"x-rate-limit-remaining": str(left), "x-rate-limit-reset": str(reset)}
