"""What Signalbox says on a platform by itself: to our own people in private, never where customers read along."""

from dataclasses import dataclass
from typing import Protocol

from core.adapter import Access


@dataclass(frozen=True, slots=True)
class Captured:
    """A signal that somebody asked for: where to see it, and whose words it keeps."""

    url: str
    author: str | None = None


class Voice(Protocol):
    """Speaks on one platform. Every method raises `core.errors.StepFailed`, transient or permanent."""

    def tell_captured(self, access: Access, person: str, captured: Captured) -> None:
        """Tells a person, in private, what came of their asking."""
