"""Tokens that we issue: shown once, kept as a keyed digest, so that a stolen database opens nothing."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

API_TOKEN_PREFIX = "sbx_"  # noqa: S105  # public: it makes leaked tokens findable
API_KEY_PREFIX = "sbk_"
HINT_CHARACTERS = 4


@dataclass(frozen=True, slots=True)
class Issued:
    """A token at the moment of its making; only the digest and the hint are kept."""

    token: str = field(repr=False)
    digest: str
    hint: str


class Digester:
    """Keyed digests under the server's secret key, separated by purpose."""

    def __init__(self, secret_key: str) -> None:
        self._key = hmac.new(secret_key.encode(), b"signalbox token digests", hashlib.sha256).digest()

    def digest(self, purpose: str, token: str) -> str:
        """Hex digest of a token of this purpose; total on any text."""
        message = purpose.encode() + b"\x00" + token.encode("utf-8", "surrogatepass")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()

    def issue(self, purpose: str, prefix: str = "") -> Issued:
        """A fresh random token (256 bits) with its digest and its hint (the last characters)."""
        token = prefix + secrets.token_urlsafe(32)
        return Issued(token, self.digest(purpose, token), f"{prefix}…{token[-HINT_CHARACTERS:]}")
