"""What a platform's own surfaces (dialogs, commands, home pages) ask of Signalbox, for whoever stands before them.

A platform vouches for people by issuer and subject. What a person may see is decided here, never on the platform.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from core.adapter import AccountKey

Role: TypeAlias = Literal["owner", "admin", "member", "viewer"]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody before a surface of one connection. Without a ``role`` they are no member of the workspace: nothing that
    the workspace knows is for them.
    """

    workspace_id: str
    workspace_name: str
    integration_id: str
    account: AccountKey
    user_id: str | None = None
    role: Role | None = None

    @property
    def may_look(self) -> bool:
        """Whether they may see what the workspace heard."""
        return self.role is not None

    @property
    def may_administer(self) -> bool:
        """Whether they may change how it listens."""
        return self.role in ("owner", "admin")


class Desk(Protocol):
    """Answers surfaces. Everything is bound to the visitor's workspace."""

    def visitor(self, slack_app_id: str, account: AccountKey, issuer: str, subject: str) -> Visitor | None:
        """Who that is to the connection of this installation; None when it is not connected."""

    def console(self, path: str = "") -> str:
        """The address of a page of the console, such as ``signals/<id>``."""
