"""Departures: what the browser remembers between leaving for a sign-in provider and coming back.

Each has a cookie of its own, so that two tabs do not break each other. It is signed, good for ten minutes, and since
only the browser that left has it, nobody can be made to finish somebody else's sign-in.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from core.digests import Digester
from core.signatures import equals_any
from oauth.providers import ProviderName

LIVES = timedelta(minutes=10)
MOST_AT_ONCE = 5
_PURPOSE = "sign_in_departure"
_NAMED = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What signing in is for: the page to go on to; an invitation to accept; or a person to connect it with."""

    next: str = "/"
    invitation_id: str | None = None
    connects: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """One way out: the values that must come back, and why it was taken. ``until`` is in unix seconds."""

    provider: ProviderName
    state: str
    nonce: str
    code_verifier: str | None
    purpose: Purpose
    until: float


class Departures:
    """Writes and reads the cookies. Over https they are bound to the host (``__Host-``)."""

    def __init__(self, digester: Digester, *, has_https: bool) -> None:
        self._digester = digester
        self._prefix = "__Host-signalbox-sign-in-" if has_https else "signalbox-sign-in-"

    def name(self, state: str) -> str:
        """The name of the cookie of this state."""
        return self._prefix + "".join(character for character in state[:_NAMED] if character.isalnum())

    def write(self, departure: Departure) -> str:
        """The cookie's value."""
        body = base64.urlsafe_b64encode(msgspec.json.encode(departure)).decode().rstrip("=")
        return f"{body}.{self._digester.digest(_PURPOSE, body)}"

    def read(self, cookies: Mapping[str, str], *, provider: str, state: str, now: datetime) -> Departure | None:
        """The departure that this state came back from; None when it was never here, is over, or was another's."""
        found = self._open(cookies.get(self.name(state), ""))
        if found is None or found.until <= now.timestamp() or found.provider != provider:
            return None
        return found if equals_any([found.state], state) else None

    def surplus(self, cookies: Mapping[str, str]) -> list[str]:
        """The names of the oldest cookies beyond what one browser may need: requests must stay small."""
        pending = {name: value for name, value in cookies.items() if name.startswith(self._prefix)}
        ages = sorted((found.until if (found := self._open(value)) else 0.0, name) for name, value in pending.items())
        return [name for _, name in ages[: max(0, len(ages) - MOST_AT_ONCE + 1)]]

    def _open(self, value: str) -> Departure | None:
        body, _, signature = value.rpartition(".")
        if not equals_any([self._digester.digest(_PURPOSE, body)], signature):
            return None
        try:
            return msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=Departure)
        except (binascii.Error, ValueError, msgspec.MsgspecError):
            return None
