"""The channels of a platform, as a connection sees them."""

from dataclasses import dataclass
from typing import Protocol

from core.adapter import Access, AccountKey
from core.taming import JsonObject


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel and its facts; ``members`` is how many people are in it, as far as the platform tells."""

    id: str
    name: str | None = None
    is_private: bool = False
    is_member: bool = False
    is_ext_shared: bool = False
    is_archived: bool = False
    members: int | None = None

    def facts(self) -> JsonObject:
        """What the directory keeps beside the name."""
        return {
            "is_private": self.is_private,
            "is_member": self.is_member,
            "is_ext_shared": self.is_ext_shared,
            "is_archived": self.is_archived,
            "members": self.members,
        }


@dataclass(frozen=True, slots=True)
class ChannelPage:
    """A part of the list; ``position`` is where to go on (None at the end), after ``wait_seconds``."""

    channels: tuple[Channel, ...]
    position: JsonObject | None
    wait_seconds: float


class ChannelBook(Protocol):
    """Lists and joins channels. Every method raises `core.errors.StepFailed`, transient or permanent."""

    def page(self, access: Access, account: AccountKey, position: JsonObject) -> ChannelPage:
        """The page at ``position`` ({} is the start), with one or two requests."""

    def join(self, access: Access, channel_id: str) -> Channel:
        """Joins a public channel; the channel as it then is. Joined before is joined."""
