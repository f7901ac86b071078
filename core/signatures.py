"""HMAC, constant-time comparison and timestamp freshness: total on hostile input, on bytes.

Every function here answers; none raises for anything a stranger can send.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

TOLERANCE_SECONDS = 300
"""How far a sender's timestamp may lie from our clock (Slack and Standard Webhooks both say five minutes)."""


def hmac_sha256_hex(secret: str, message: bytes) -> str:
    """Lowercase hex HMAC-SHA256 of ``message`` under the secret's UTF-8 text, exactly as it was shown."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def equals_any(expected: Iterable[str], presented: str) -> bool:
    """Whether ``presented`` is one of ``expected``, compared in constant time, all of them each time.

    Digests are compared instead of the texts, so neither length nor content shows in the timing,
    and non-ASCII text (on which ``hmac.compare_digest`` raises) is just another wrong value.
    """
    candidate = _digest(presented)
    matched = False
    for value in expected:
        matched |= hmac.compare_digest(_digest(value), candidate)
    return matched


def timestamp_problem(value: str | None, now: datetime) -> str | None:
    """Why a sender's unix timestamp (seconds) cannot be accepted, as a reason slug; None when it is fresh."""
    if not value:
        return "timestamp_missing"
    if not (value.isascii() and value.isdigit() and len(value) <= 12):
        return "timestamp_invalid"
    if abs(int(value) - now.timestamp()) > TOLERANCE_SECONDS:
        return "timestamp_stale"
    return None


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
