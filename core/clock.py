"""Time as a value that is passed in, so that tests never wait for it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Returns the present moment, always aware and in UTC."""


def utc_now() -> datetime:
    """The real clock."""
    return datetime.now(UTC)
