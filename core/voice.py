"""What Signalbox says on a platform by itself: to our own people in private, never where customers read along."""

from dataclasses import dataclass
from typing import Protocol

from core.adapter import Access
from core.desk import Brief


@dataclass(frozen=True, slots=True)
class Captured:
    """A signal that somebody asked for: where to see it, and whose words it keeps."""

    url: str
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """New signals of a while: how many, of which accounts the most, and the ones that matter most."""

    count: int
    accounts: tuple[tuple[str, int], ...]
    briefs: tuple[Brief, ...]
    console_url: str


class Voice(Protocol):
    """Speaks on one platform. Every method raises `core.errors.StepFailed`, transient or permanent."""

    def tell_captured(self, access: Access, person: str, captured: Captured) -> None:
        """Tells a person, in private, what came of their asking."""

    def post_digest(self, access: Access, channel: str, digest: Digest) -> None:
        """Posts in a channel that is ours alone. Raises ``digest_channel_shared`` (permanent) where others read along:
        it is asked anew each time, since a channel can be shared at any moment.
        """
