"""What a provider says of itself: its discovery document and its keys, asked once an hour.

Shapes: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata
"""

import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, cast

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from core.clock import Clock
from core.errors import NotJsonObject, SignalboxError, StepFailed
from core.logs import get_logger
from core.taming import Tame, parse_object

log = get_logger()

KEPT_FOR = timedelta(hours=1)
TIMEOUT = httpx.Timeout(8.0, connect=5.0)
SIGNING_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""With a key that only the provider has: never ``none``, and never HMAC under the client secret."""
_DEFAULT_ALGORITHMS = ("RS256",)
_DEFAULT_AUTHENTICATION = ("client_secret_basic",)
_KEY_TYPES = frozenset({"RSA", "EC"})


@dataclass(frozen=True, slots=True)
class Metadata:
    """A discovery document, as far as signing in needs it."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    algorithms: tuple[str, ...]
    has_pkce: bool
    takes_basic: bool


@cache
def _trust() -> ssl.SSLContext:
    """Read once: it takes tens of milliseconds."""
    return httpx.create_ssl_context()


class Directory:
    """Knows the providers that were asked lately; safe to share between threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # People sign in rarely, so no idle connection is worth keeping.
        self.http = httpx.Client(
            timeout=TIMEOUT,
            follow_redirects=False,
            limits=httpx.Limits(max_keepalive_connections=0),
            verify=_trust(),
        )
        self._metadata: dict[str, tuple[datetime, Metadata]] = {}
        self._keys: dict[str, tuple[datetime, KeySet]] = {}

    def metadata(self, discovery_url: str) -> Metadata:
        """The provider's metadata. Raises `StepFailed` (``sign_in_unavailable``) when it cannot be had."""
        kept = self._metadata.get(discovery_url)
        if kept is None or self._clock() - kept[0] >= KEPT_FOR:
            kept = self._metadata[discovery_url] = (self._clock(), _metadata(self._get(discovery_url)))
        return kept[1]

    def keys(self, metadata: Metadata, *, fresh: bool = False) -> KeySet:
        """The provider's public keys; ``fresh`` asks again, as for a key that was not known an hour ago."""
        kept = self._keys.get(metadata.jwks_uri)
        if kept is None or fresh or self._clock() - kept[0] >= KEPT_FOR:
            kept = self._keys[metadata.jwks_uri] = (self._clock(), _key_set(self._get(metadata.jwks_uri)))
        return kept[1]

    def _get(self, url: str) -> Tame:
        try:
            answer = self.http.get(url, headers={"Accept": "application/json"})
            answer.raise_for_status()
            return Tame(parse_object(answer.content))
        except (httpx.HTTPError, httpx.InvalidURL, NotJsonObject) as error:
            raise unavailable(error) from error


def unavailable(error: Exception | None = None) -> SignalboxError:
    """The provider did not answer, or not with what the standard says."""
    log.warning("sign_in_provider_failed", error_class=type(error).__name__ if error else "IncompleteMetadata")
    message = "The sign-in provider does not answer as it should. Try again in a minute."
    return StepFailed("sign_in_unavailable", permanent=False, message=message)


def _metadata(document: Tame) -> Metadata:
    named = document.texts("id_token_signing_alg_values_supported") or _DEFAULT_ALGORITHMS
    authentication = document.texts("token_endpoint_auth_methods_supported") or _DEFAULT_AUTHENTICATION
    return Metadata(
        issuer=_url(document, "issuer"),
        authorization_endpoint=_url(document, "authorization_endpoint"),
        token_endpoint=_url(document, "token_endpoint"),
        jwks_uri=_url(document, "jwks_uri"),
        algorithms=tuple(name for name in named if name in SIGNING_ALGORITHMS) or _DEFAULT_ALGORITHMS,
        has_pkce="S256" in document.texts("code_challenge_methods_supported"),
        takes_basic="client_secret_basic" in authentication,
    )


def _url(document: Tame, name: str) -> str:
    url = document.text(name) or ""
    if not url.startswith(("https://", "http://")) or not url.isprintable() or " " in url:
        raise unavailable()
    return url


def _key_set(document: Tame) -> KeySet:
    """The keys that can have signed; a kind of key that nobody here knows does not spoil the others."""
    keys = [key.raw for key in document.objects("keys") if key.raw.get("kty") in _KEY_TYPES]
    try:
        return KeySet.import_key_set({"keys": cast("Any", [key for key in keys if key.get("use") != "enc"])})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise unavailable(error) from error
