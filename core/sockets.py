"""Sockets that we open to a platform, for servers that nobody can call: the requests are those of the doors."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from core.adapter import InboundRequest, InteractiveReply

Receive: TypeAlias = Callable[[InboundRequest], InteractiveReply]
"""Takes what came over a socket. Its return is the acknowledgement; what it raises for is sent again later."""


class OpenSocket(Protocol):
    """A connection that renews itself when the platform asks for it, or when it breaks."""

    @property
    def is_open(self) -> bool:
        """Whether it is connected at this moment."""

    def close(self) -> None:
        """Ends it. Requests that are being taken are acknowledged first, if they can be."""


class SocketOpener(Protocol):
    """Opens sockets of Slack apps (Socket Mode)."""

    def open(self, app_token: str, receive: Receive, greeted: Callable[[], None]) -> OpenSocket:
        """A socket of the app whose token this is. ``greeted`` is called each time the platform welcomes it.

        Raises `core.errors.StepFailed`: ``slack_app_token_refused``, or ``slack_unavailable``.
        """
