"""Codes, tokens and rotation as Slack grants them: strict where Slack may be strict.

Rules: https://docs.slack.dev/authentication/installing-with-oauth and
https://docs.slack.dev/authentication/using-token-rotation
"""

import secrets
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.clock import Clock
from sandbox.errors import SlackRefusal
from sandbox.slack_world import SlackTeam, slack_id

CODE_LIFE = timedelta(minutes=10)
TOKEN_LIFE = timedelta(hours=12)
MOST_ACTIVE_TOKENS = 2


@dataclass(slots=True, kw_only=True)
class Installation:
    """The app in one team (or one organisation). Scopes only ever grow, as a reinstall adds to them."""

    team: SlackTeam
    installer_id: str
    bot_user_id: str = field(default_factory=lambda: slack_id("U"))
    bot_id: str = field(default_factory=lambda: slack_id("B"))
    scopes: tuple[str, ...] = ()
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a grant hands out; without rotation there is no refresh token and no end."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expires_in: int | None = None


@dataclass(slots=True, kw_only=True)
class _Code:
    installation: Installation
    scopes: tuple[str, ...]
    client_id: str
    redirect_uri: str
    expires_at: datetime
    used: bool = False


@dataclass(slots=True, kw_only=True)
class _Token:
    installation: Installation
    expires_at: datetime | None
    problem: str | None = None
    exchanged: bool = False


@dataclass(slots=True, kw_only=True)
class _Refresh:
    installation: Installation
    used_at: datetime | None = None


class Grants:
    """All codes, tokens and installations of one app; every method is one indivisible step."""

    def __init__(self, clock: Clock, *, rotation: bool) -> None:
        self.rotation = rotation
        self.grace = timedelta()
        """How long a used refresh token works once more. Slack says "a short grace period"; none, by default, so that
        nobody relies on it."""
        self.refreshes = 0
        """How many refreshes were granted."""
        self._clock = clock
        self._lock = threading.Lock()
        self._installations: dict[str, Installation] = {}
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, _Token] = {}
        self._refresh: dict[str, _Refresh] = {}

    def approve(
        self, team: SlackTeam, *, installer_id: str, scopes: tuple[str, ...], client_id: str, redirect_uri: str
    ) -> str:
        """A single-use code, bound to the client and the redirect URI, alive for ten minutes."""
        code = f"{secrets.randbelow(10**10):010d}.{secrets.token_hex(20)}"
        with self._lock:
            self._codes[code] = _Code(
                installation=self._known(team) or Installation(team=team, installer_id=installer_id),
                scopes=scopes,
                client_id=client_id,
                redirect_uri=redirect_uri,
                expires_at=self._clock() + CODE_LIFE,
            )
        return code

    def redeem(self, code: str, *, client_id: str, redirect_uri: str) -> tuple[Installation, TokenPair]:
        """The installation that the code completes. Raises `SlackRefusal`."""
        with self._lock:
            grant = self._codes.get(code)
            if grant is None or grant.client_id != client_id or grant.expires_at <= self._clock():
                raise SlackRefusal("invalid_code")
            if grant.used:
                raise SlackRefusal("code_already_used")
            if grant.redirect_uri != redirect_uri:
                raise SlackRefusal("bad_redirect_uri")
            grant.used = True
            installation = self._known(grant.installation.team) or grant.installation
            installation.scopes = tuple(dict.fromkeys((*installation.scopes, *grant.scopes)))
            self._installations[_key(installation.team)] = installation
            return installation, self._issue(installation)

    def refresh(self, refresh_token: str) -> tuple[Installation, TokenPair]:
        """The next pair; this refresh token never works again, once its ``grace`` is over. Raises `SlackRefusal`."""
        with self._lock:
            known = self._refresh.get(refresh_token)
            now = self._clock()
            if known is None or (known.used_at is not None and known.used_at + self.grace <= now):
                raise SlackRefusal("invalid_refresh_token")
            known.used_at = known.used_at or now
            self.refreshes += 1
            return known.installation, self._issue(known.installation)

    def exchange(self, token: str) -> tuple[Installation, TokenPair]:
        """A pair for a token from before rotation, once. The old token ends with the first refresh of the new ones.

        Raises `SlackRefusal`.
        """
        with self._lock:
            known = self._access.get(token)
            if not self.rotation:
                raise SlackRefusal("token_rotation_not_enabled")
            if known is None or known.expires_at is not None:
                raise SlackRefusal("invalid_token")
            if known.problem:
                raise SlackRefusal("authorization_not_found")
            if known.exchanged:
                raise SlackRefusal("token_already_exchanged")
            known.exchanged = True
            return known.installation, self._issue(known.installation)

    def bearer(self, token: str) -> Installation:
        """Whose access token this is. Raises `SlackRefusal`."""
        if not token:
            raise SlackRefusal("not_authed")
        with self._lock:
            known = self._access.get(token)
            if known is None:
                raise SlackRefusal("invalid_auth")
            if known.problem:
                raise SlackRefusal(known.problem)
            if known.expires_at is not None and known.expires_at <= self._clock():
                raise SlackRefusal("token_expired")
            return known.installation

    def issued(self, token: str) -> bool:
        """Whether this access token was ever granted here."""
        with self._lock:
            return token in self._access

    def seconds_left(self, token: str) -> int | None:
        """How long this live token still lives; None without rotation."""
        with self._lock:
            expires_at = self._access[token].expires_at
            return int((expires_at - self._clock()).total_seconds()) if expires_at else None

    def revoke(self, token: str) -> None:
        """Ends one access token; the installation stays and its events keep flowing."""
        with self._lock:
            self._access[token].problem = "token_revoked"

    def uninstall(self, installation: Installation) -> None:
        """Ends the installation with all its tokens."""
        with self._lock:
            installation.is_active = False
            self._installations.pop(_key(installation.team), None)
            self._refresh = {
                token: each for token, each in self._refresh.items() if each.installation is not installation
            }
            for token in self._tokens_of(installation):
                token.problem = "account_inactive"

    def installation(self, team: SlackTeam) -> Installation | None:
        """The app's installation that covers this team."""
        with self._lock:
            return self._known(team)

    def _known(self, team: SlackTeam) -> Installation | None:
        return self._installations.get(_key(team))

    def _issue(self, installation: Installation) -> TokenPair:
        if not self.rotation:
            pair = TokenPair(f"xoxb-{secrets.randbelow(10**12):012d}-{secrets.token_urlsafe(18)}")
        else:
            access, refresh = f"xoxe.xoxb-1-{secrets.token_urlsafe(60)}", f"xoxe-1-{secrets.token_urlsafe(60)}"
            pair = TokenPair(access, refresh, int(TOKEN_LIFE.total_seconds()))
            self._refresh[refresh] = _Refresh(installation=installation)
        expires_at = self._clock() + TOKEN_LIFE if self.rotation else None
        self._access[pair.access] = _Token(installation=installation, expires_at=expires_at)
        for surplus in self._live_tokens_of(installation)[:-MOST_ACTIVE_TOKENS]:
            surplus.problem = "token_revoked"
        return pair

    def _live_tokens_of(self, installation: Installation) -> list[_Token]:
        return [token for token in self._tokens_of(installation) if token.problem is None]

    def _tokens_of(self, installation: Installation) -> list[_Token]:
        return [token for token in self._access.values() if token.installation is installation]


def _key(team: SlackTeam) -> str:
    return f"enterprise {team.enterprise_id}" if team.org_wide else team.id
