"""Counts what this process does, for whoever shows figures; without anybody listening it does nothing."""

from collections.abc import Callable
from typing import TypeAlias

CallCounter: TypeAlias = Callable[[str, str, str], object]
"""Takes a platform, the method that was called, and how it went: ``ok`` or a reason. All of our own making."""

EventCounter: TypeAlias = Callable[[str, str, int], object]
"""Takes a platform, the state in which events of it ended, and how many did."""

_call_counters: list[CallCounter] = []
_event_counters: list[EventCounter] = []


def count_calls(counter: CallCounter) -> None:
    """From now on this counter is told of every call."""
    _call_counters.append(counter)


def tally(platform: str, method: str, outcome: str) -> None:
    """One call was made, or not made because it had to wait."""
    for counter in _call_counters:
        counter(platform, method, outcome)


def count_events(counter: EventCounter) -> None:
    """From now on this counter is told of every event that was processed."""
    _event_counters.append(counter)


def tally_events(platform: str, state: str, number: int) -> None:
    """So many events ended, and that is committed."""
    for counter in _event_counters:
        counter(platform, state, number)
