"""ID tokens with real RS256 signatures, and the ways in which a provider can get one wrong."""

import base64
import hashlib
import hmac
import json
import secrets
from datetime import timedelta
from functools import cache, cached_property
from typing import Literal, TypeAlias

from joserfc import jwt
from joserfc.jwk import RSAKey

from core.clock import Clock
from core.taming import JsonObject

Flaw: TypeAlias = Literal[
    "nonce", "no_nonce", "audience", "issuer", "expired", "signature", "alg_none", "alg_hs256", "no_subject"
]
TOKEN_LIFE = timedelta(minutes=5)
_KEY_BITS = 2048


class Signer:
    """One provider's key. ``rotate`` takes a new one, as providers do from time to time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @cached_property
    def _key(self) -> RSAKey:
        return _first_key()

    def rotate(self) -> None:
        """From now on a key that nobody has seen yet."""
        self._key = _new_key()

    def jwks(self) -> JsonObject:
        """The public half."""
        return {"keys": [self._key.as_dict(private=False)]}  # type: ignore[list-item]  # text by its standard

    def id_token(self, claims: JsonObject, flaw: Flaw | None = None) -> str:
        """A token over these claims and the times of now, wrong in one way if ordered so."""
        now = int(self._clock().timestamp())
        claims = {**claims, "iat": now, "exp": now + int(TOKEN_LIFE.total_seconds())}
        claims = _spoiled(claims, flaw, now)
        header = {"alg": "RS256", "kid": self._key.kid or ""}
        if flaw == "signature":
            return jwt.encode(header, claims, _new_key())
        if flaw == "alg_none":
            return f"{_segment({**header, 'alg': 'none'})}.{_segment(claims)}."
        if flaw == "alg_hs256":
            return _signed_with_the_public_key({**header, "alg": "HS256"}, claims, self._key.as_pem(private=False))
        return jwt.encode(header, claims, self._key)


def _spoiled(claims: JsonObject, flaw: Flaw | None, now: int) -> JsonObject:
    match flaw:
        case "nonce":
            return {**claims, "nonce": secrets.token_urlsafe(16)}
        case "audience":
            return {**claims, "aud": "another client", "azp": claims["aud"]}
        case "issuer":
            return {**claims, "iss": "https://elsewhere.example"}
        case "expired":
            return {**claims, "iat": now - 7200, "exp": now - 3600}
        case "no_nonce" | "no_subject":
            left_out = flaw.removeprefix("no_").replace("subject", "sub")
            return {name: value for name, value in claims.items() if name != left_out}
        case _:
            return claims


@cache
def _first_key() -> RSAKey:
    """Keys are slow to make, so the providers of a process begin with the same one."""
    return _new_key()


def _new_key() -> RSAKey:
    kid = secrets.token_hex(8)
    return RSAKey.generate_key(_KEY_BITS, {"use": "sig", "alg": "RS256", "kid": kid}, private=True)


def _signed_with_the_public_key(header: dict[str, str], claims: JsonObject, public_key: bytes) -> str:
    """The public key as a shared secret, which everybody has."""
    signed = f"{_segment(header)}.{_segment(claims)}"
    signature = hmac.new(public_key, signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def _segment(value: JsonObject | dict[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
