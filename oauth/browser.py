"""The browser binding: one cookie whose random value says that the browser that returns is the one that left."""

import re
import secrets
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from slack_sdk.oauth import OAuthStateUtils

from oauth.state_store import STATE_LIFE, InstallStateStore

_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


class BrowserCookie:
    """The cookie of this server. Over https it is Secure and bound to the host (``__Host-``), so that no sibling
    domain can plant one; over plain http, which only a developer's machine speaks, Secure would lose it.
    """

    def __init__(self, public_url: str) -> None:
        self._secure = urlsplit(public_url).scheme == "https"
        self.name = "__Host-signalbox-install" if self._secure else "signalbox-install"

    def values(self, headers: Mapping[str, str | Sequence[str]]) -> list[str]:
        """Every value that the browser presents under this name; headers have lower-case names."""
        presented = headers.get("cookie", ())
        lines = [presented] if isinstance(presented, str) else presented
        pairs = (pair.strip().partition("=") for line in lines for pair in line.split(";"))
        return [value for name, _, value in pairs if name == self.name and _SECRET.fullmatch(value)]

    def value_for(self, headers: Mapping[str, str | Sequence[str]]) -> str:
        """The browser's secret: the one it has, so that a second tab does not break the first, or a new one."""
        return next(iter(self.values(headers)), "") or secrets.token_urlsafe(32)

    def set(self, value: str) -> str:
        """The Set-Cookie header. Lax, since the way back from Slack is a navigation from another site."""
        secure = "; Secure" if self._secure else ""
        return f"{self.name}={value}; Path=/; Max-Age={STATE_LIFE.seconds}; HttpOnly; SameSite=Lax{secure}"


class BrowserBinding(OAuthStateUtils):
    """Bolt's browser check, asked of the stored state instead of a cookie that holds the state itself."""

    def __init__(self, cookie: BrowserCookie, states: InstallStateStore) -> None:
        super().__init__(cookie_name=cookie.name, expiration_seconds=STATE_LIFE.seconds)
        self._cookie = cookie
        self._states = states

    def is_valid_browser(self, state: str | None, request_headers: Mapping[str, str | Sequence[str]]) -> bool:
        """Whether the state was issued to this browser; nothing is consumed."""
        return state is not None and self._states.is_bound_to(state, self._cookie.values(request_headers))
