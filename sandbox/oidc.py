"""A stand-in OpenID provider, which also plays Sign in with Slack.

Rules: https://openid.net/specs/openid-connect-core-1_0.html and https://docs.slack.dev/authentication/sign-in-with-slack
"""

import base64
import hashlib
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from core.clock import Clock, utc_now
from core.signatures import equals_any
from core.taming import JsonObject
from sandbox.faults import Fault, Faults
from sandbox.oidc_tokens import Flaw, Signer
from sandbox.slack import SlackStandIn

CODE_LIFE = timedelta(minutes=10)
Challenge: TypeAlias = Literal["S256"] | None


@dataclass(frozen=True, slots=True)
class OpenIdPerson:
    """Somebody with an account at the provider; ``claims`` beyond the standard's are the provider's own."""

    subject: str
    name: str
    email: str
    claims: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Where the endpoints are, below the provider's prefix."""

    authorize: str = "/authorize"
    token: str = "/token"
    userinfo: str = "/userinfo"
    keys: str = "/keys"


SLACK_PATHS = Paths(
    authorize="/openid/connect/authorize",
    token="/api/openid.connect.token",
    userinfo="/api/openid.connect.userInfo",
    keys="/openid/connect/keys",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An authorization request, as it came."""

    client_id: str
    redirect_uri: str
    response_type: str
    scope: str
    state: str
    nonce: str
    code_challenge: str
    code_challenge_method: str


@dataclass(frozen=True, slots=True)
class _Grant:
    asked: Asked
    person: OpenIdPerson
    until: datetime


class OpenIdStandIn:
    """One provider with one client. With ``auto_approve`` the first person signs in at once, else a page asks who.

    ``flaw_next`` spoils the next ID token; `faults` holds ordered failures of ``discovery``, ``token`` and ``keys``.
    """

    def __init__(
        self,
        people: Callable[[], Sequence[OpenIdPerson]],
        *,
        client_id: str,
        client_secret: str,
        prefix: str = "/oidc",
        paths: Paths = Paths(),
        has_pkce: bool = True,
        errors_are_200: bool = False,
        auto_approve: Callable[[], bool] = lambda: True,
        clock: Clock = utc_now,
    ) -> None:
        self.people = people
        self.client_id = client_id
        self.prefix = prefix
        self.paths = paths
        self.has_pkce = has_pkce
        self.errors_are_200 = errors_are_200
        self.auto_approve = auto_approve
        self.signer = Signer(clock)
        self.faults = Faults()
        self.asked: list[Asked] = []
        self._client_secret = client_secret
        self._clock = clock
        self._lock = threading.Lock()
        self._grants: dict[str, _Grant] = {}
        self._tokens: dict[str, OpenIdPerson] = {}
        self._flaw: Flaw | None = None

    def flaw_next(self, flaw: Flaw) -> None:
        """The next ID token is wrong in this way."""
        self._flaw = flaw

    def fail_next(self, endpoint: Literal["discovery", "token", "keys"], *, status: int = 500) -> None:
        """The next call of this endpoint fails."""
        self.faults.order(endpoint, Fault("server_error", status))

    def person(self, subject: str) -> OpenIdPerson | None:
        """The person of this subject."""
        return next((person for person in self.people() if person.subject == subject), None)

    def approve(self, asked: Asked, person: OpenIdPerson) -> str:
        """The code with which the browser goes back."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._grants[code] = _Grant(asked, person, self._clock() + CODE_LIFE)
        return code

    def knows_client(self, client_id: str, client_secret: str) -> bool:
        """Whether these are the client's credentials."""
        return client_id == self.client_id and equals_any([self._client_secret], client_secret)

    def redeem(self, code: str, *, redirect_uri: str, code_verifier: str, issuer: str) -> JsonObject | None:
        """The tokens for a code, once; None when it is not good, or not for this address or verifier."""
        with self._lock:
            grant = self._grants.pop(code, None)
        if grant is None or grant.until <= self._clock() or grant.asked.redirect_uri != redirect_uri:
            return None
        if grant.asked.code_challenge and _s256(code_verifier) != grant.asked.code_challenge:
            return None
        flaw, self._flaw = self._flaw, None
        access_token = secrets.token_urlsafe(24)
        self._tokens[access_token] = grant.person
        claims = {"iss": issuer, "aud": self.client_id, "nonce": grant.asked.nonce, **facts_of(grant.person)}
        return {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": 3600,
            "id_token": self.signer.id_token(claims, flaw),
        }

    def bearer(self, access_token: str) -> OpenIdPerson | None:
        """Whose access token it is."""
        return self._tokens.get(access_token)


def facts_of(person: OpenIdPerson) -> JsonObject:
    """The claims about a person."""
    known: JsonObject = {"sub": person.subject, "name": person.name, "email": person.email, "email_verified": True}
    return known | person.claims


def slack_openid(slack: SlackStandIn, *, clock: Clock = utc_now) -> OpenIdStandIn:
    """Sign in with Slack for everybody in the stand-in's world, with the credentials of its app.

    Slack announces no PKCE, and reports the errors of its token endpoint with status 200.
    """
    return OpenIdStandIn(
        lambda: _slack_people(slack),
        client_id=slack.app.client_id,
        client_secret=slack.app.client_secret,
        prefix="/slack",
        paths=SLACK_PATHS,
        has_pkce=False,
        errors_are_200=True,
        auto_approve=lambda: slack.auto_approve,
        clock=clock,
    )


def _slack_people(slack: SlackStandIn) -> list[OpenIdPerson]:
    teams = {team.id: team for team in slack.world.teams}
    return [
        OpenIdPerson(
            user.id,
            user.name,
            user.email or "",
            {
                "https://slack.com/user_id": user.id,
                "https://slack.com/team_id": user.team_id,
                "https://slack.com/team_name": teams[user.team_id].name,
                "https://slack.com/team_domain": teams[user.team_id].domain,
            },
        )
        for user in slack.world.users
    ]


def _s256(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
