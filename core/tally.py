"""Counts calls to platforms in this process, for whoever shows figures; without anybody listening it does nothing."""

from collections.abc import Callable
from typing import TypeAlias

Counter: TypeAlias = Callable[[str, str, str], object]
"""Takes a platform, the method that was called, and how it went: ``ok`` or a reason. All of our own making."""

_counters: list[Counter] = []


def count_calls(counter: Counter) -> None:
    """From now on this counter is told of every call."""
    _counters.append(counter)


def tally(platform: str, method: str, outcome: str) -> None:
    """One call was made, or not made because it had to wait."""
    for counter in _counters:
        counter(platform, method, outcome)
