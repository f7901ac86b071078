"""The customers that a platform knows, and the Slack channels it says are theirs."""

from dataclasses import dataclass
from typing import Protocol

from core.adapter import Access


@dataclass(frozen=True, slots=True)
class KnownChannel:
    """A Slack channel of an account. ``is_internal``: our own people talk there about the account; ``mirror`` is the
    channel that gets a copy of everything said there.
    """

    id: str
    is_internal: bool = False
    mirror: str | None = None


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """A customer by the platform's id, with its name."""

    id: str
    name: str | None
    channels: tuple[KnownChannel, ...] = ()


class AccountBook(Protocol):
    """Reads a platform's accounts."""

    def page(self, access: Access, cursor: str | None) -> tuple[tuple[KnownAccount, ...], str | None]:
        """A page of them and where the next begins. Raises `core.errors.StepFailed`, transient or permanent."""
