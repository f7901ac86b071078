"""Tokens that rotate: what a platform grants for an older one, and how it is told that we leave."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Client:
    """What an app proves itself with to its platform."""

    id: str
    secret: str = field(repr=False)

    def written(self) -> str:
        """Both as one text, as in HTTP Basic authentication: an id holds no colon."""
        return f"{self.id}:{self.secret}"

    @classmethod
    def read(cls, text: str) -> "Client":
        """What `written` wrote."""
        identity, _, secret = text.partition(":")
        return cls(identity, secret)


@dataclass(frozen=True, slots=True)
class Presented:
    """What is shown to the platform for fresh tokens. Without a refresh token the access token is a legacy one, from
    before rotation, which is exchanged once. ``client`` is the app itself, once its own row is gone.
    """

    slack_app_id: str | None
    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    client: Client | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """Fresh tokens. ``expires_at`` is None for an access token that does not end; no scopes: the same as before."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()


class TokenGrants(Protocol):
    """A platform's answers about tokens, over the network: never call it inside of a transaction."""

    def renew(self, presented: Presented) -> Grant:
        """Fresh tokens, once. Raises `core.errors.StepFailed`: permanent when what was presented is dead for good."""

    def is_alive(self, access_token: str) -> bool | None:
        """Whether the platform still accepts this token; None when it cannot be asked now."""

    def uninstall(self, presented: Presented) -> None:
        """Ends the installation that the access token belongs to, and no other. Ending it again is no error.

        Raises `core.errors.StepFailed`: permanent when the platform will not let this token do it.
        """
