"""Signing in with an OpenID provider: the way out with state, nonce and PKCE, and the proved identity on return.

Rules: https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth and RFC 7636.
"""

import re
import secrets
from dataclasses import dataclass

import httpx
from authlib.common.errors import AuthlibBaseError  # type: ignore[import-untyped]  # Authlib brings no types
from authlib.oauth2.client import OAuth2Client  # type: ignore[import-untyped]

from core.clock import Clock
from core.errors import Unauthenticated
from core.logs import get_logger
from core.taming import JsonObject, Tame, clean
from oauth.departures import LIVES, Departure, Purpose
from oauth.discovery import Directory, Metadata, unavailable
from oauth.id_tokens import prove
from oauth.providers import Provider

log = get_logger()

SCOPE = "openid email profile"
SLACK_ISSUER = "https://slack.com"
SLACK_TEAM_CLAIM = "https://slack.com/team_id"
SLACK_USER_CLAIM = "https://slack.com/user_id"
LONGEST = 255
_SLACK_ID = re.compile(r"[A-Z0-9]{2,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is to a provider. The key is (issuer, subject); name and address are words, never a key."""

    issuer: str
    subject: str
    name: str | None = None
    email: str | None = None


class OpenId:
    """The way out to providers and back; holds nothing of the people who take it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._directory = Directory(clock)

    def leave(self, provider: Provider, purpose: Purpose) -> tuple[str, Departure]:
        """The provider's address to go to, and what the browser has to remember until it is back."""
        metadata = self._directory.metadata(provider.discovery_url)
        departure = Departure(
            provider=provider.name,
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            code_verifier=secrets.token_urlsafe(48) if metadata.has_pkce else None,
            purpose=purpose,
            until=(self._clock() + LIVES).timestamp(),
        )
        url, _ = self._client(provider, metadata).create_authorization_url(
            metadata.authorization_endpoint,
            state=departure.state,
            nonce=departure.nonce,
            code_verifier=departure.code_verifier,
        )
        return str(url), departure

    def come_back(self, provider: Provider, departure: Departure, code: str) -> Identity:
        """Who came back. Raises ``sign_in_refused``, ``sign_in_unavailable`` or ``id_token_invalid``."""
        metadata = self._directory.metadata(provider.discovery_url)
        token = self._redeem(provider, metadata, departure, code)
        claims = prove(
            token,
            provider=provider,
            metadata=metadata,
            directory=self._directory,
            nonce=departure.nonce,
            now=self._clock(),
        )
        return _identity(provider, metadata, claims)

    def _client(self, provider: Provider, metadata: Metadata) -> OAuth2Client:
        return OAuth2Client(
            self._directory.http,
            client_id=provider.client_id,
            client_secret=provider.client_secret,
            scope=SCOPE,
            redirect_uri=provider.redirect_uri,
            code_challenge_method="S256" if metadata.has_pkce else None,
        )

    def _redeem(self, provider: Provider, metadata: Metadata, departure: Departure, code: str) -> JsonObject:
        """The token endpoint's answer. Slack reports errors with status 200, which Authlib raises all the same."""
        proof = {"code_verifier": departure.code_verifier} if departure.code_verifier else {}
        authentication, credentials = httpx.Auth(), {}
        if metadata.takes_basic and provider.client_secret:
            authentication = httpx.BasicAuth(provider.client_id, provider.client_secret)
        else:
            secret = {"client_secret": provider.client_secret} if provider.client_secret else {}
            credentials = {"client_id": provider.client_id, **secret}
        try:
            return dict(
                self._client(provider, metadata).fetch_token(
                    metadata.token_endpoint,
                    grant_type="authorization_code",
                    code=code,
                    auth=authentication,
                    **credentials,
                    **proof,
                )
            )
        except AuthlibBaseError as error:
            log.warning("sign_in_code_refused", kind=provider.name)
            raise refused_by_provider() from error
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError, KeyError) as error:
            raise unavailable(error) from error


def refused_by_provider() -> Unauthenticated:
    """The provider said no: to the person, or to the code that they came back with."""
    return Unauthenticated("sign_in_refused", "The sign-in provider did not let you in. Nothing was changed.")


def _identity(provider: Provider, metadata: Metadata, claims: Tame) -> Identity:
    is_slack = provider.name == "slack"
    subject = _slack_subject(claims) if is_slack else _verbatim(claims, "sub")
    borrowed = not is_slack and metadata.issuer.rstrip("/") == SLACK_ISSUER
    if borrowed or not 0 < len(subject) <= LONGEST or len(metadata.issuer) > LONGEST:
        raise Unauthenticated("id_token_invalid", "The sign-in provider did not say who you are.")
    # Slack's people are Slack's wherever it is reached: its requests name them without an address to compare with.
    return Identity(SLACK_ISSUER if is_slack else metadata.issuer, subject, claims.text("name"), claims.text("email"))


def _slack_subject(claims: Tame) -> str:
    """``team/user``: Slack's user ids are only unique within a team."""
    team, user = _verbatim(claims, SLACK_TEAM_CLAIM), _verbatim(claims, SLACK_USER_CLAIM)
    return f"{team}/{user}" if _SLACK_ID.fullmatch(team) and _SLACK_ID.fullmatch(user) else ""


def _verbatim(claims: Tame, name: str) -> str:
    """The claim as it is, or nothing: cleaning it could make two people one."""
    value = claims.raw.get(name)
    return value if isinstance(value, str) and clean(value) == value else ""
