"""How often the stand-in lets an app ask, and how much it gives at once: none of Slack's limits unless a test sets one.

https://docs.slack.dev/apis/web-api/rate-limits
"""

import math
import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from core.clock import Clock

MINUTE = 60.0
_HISTORY = ("conversations.history", "conversations.replies")


@dataclass(frozen=True, slots=True)
class LimitClass:
    """Calls a minute by method, for each token, and the most messages in an answer."""

    per_minute: Mapping[str, int]
    most_messages: int = 1000


UNLIMITED = LimitClass(MappingProxyType({}))
INTERNAL_APP = LimitClass(MappingProxyType(dict.fromkeys(_HISTORY, 50)))
"""Tier 3, for internal apps and those of the Marketplace."""
DISTRIBUTED_APP = LimitClass(MappingProxyType(dict.fromkeys(_HISTORY, 1)), most_messages=15)
"""For other distributed apps, since 2025-05-29."""


class Limits:
    """Counts calls; safe to use from many threads."""

    def __init__(self, clock: Clock) -> None:
        self.kind = UNLIMITED
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: dict[tuple[str, str], deque[float]] = defaultdict(deque)

    def retry_after(self, method: str, token: str) -> int | None:
        """Notes the call; the seconds to wait when it is one too many, which is then not counted."""
        allowed = self.kind.per_minute.get(method)
        if allowed is None:
            return None
        now = self._clock().timestamp()
        with self._lock:
            calls = self._calls[method, token]
            while calls and calls[0] <= now - MINUTE:
                calls.popleft()
            if len(calls) >= allowed:
                return max(1, math.ceil(calls[0] + MINUTE - now))
            calls.append(now)
        return None
