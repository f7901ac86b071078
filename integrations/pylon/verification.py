"""Is this Pylon? The credential's configuration decides what must pass, never the sender's choice of headers.

Pylon signs every delivery of a webhook with the secret shown when the webhook was made, and sends whatever custom
headers an admin typed (https://kb.help.usepylon.com/articles/6080966819).
"""

from collections.abc import Mapping

from core.adapter import InboundRequest, Refusal, Secrets
from core.signatures import equals_any, hmac_sha256_hex, timestamp_problem

SIGNATURE_HEADER = "x-pylon-signature"
TIMED_HEADERS = ((SIGNATURE_HEADER, "x-pylon-timestamp"), ("pylon-webhook-signature", "pylon-webhook-timestamp"))
"""Signature and timestamp of the scheme over ``timestamp.body``, as its implementations spell them. Nobody has seen it
come from Pylon itself, so a connection takes it only by its own choice.
"""
DEFAULT_HEADER = "Authorization"
_SCHEMES = ("sha256=", "hs256=")


def refusal(request: InboundRequest, secrets: Secrets) -> Refusal | None:
    """None when everything that is configured passes.

    A signing secret demands a valid signature, a header secret a matching header, both demand both. Pylon always
    sends a signature, so without a signing secret it is not looked at. With neither, nothing is ever authentic.
    """
    signing = tuple(filter(None, secrets.signing))
    tokens = tuple(filter(None, secrets.header))
    if not (signing or tokens):
        return Refusal("not_configured")
    problem = signature_problem(request, signing, timed=secrets.accepts_timed) if signing else None
    if problem is None and tokens:
        problem = token_problem(request.headers, secrets.header_name, tokens)
    return Refusal(problem) if problem else None


def signature_problem(request: InboundRequest, secrets: tuple[str, ...], *, timed: bool = False) -> str | None:
    """None when one of the secrets signed the body: hex HMAC-SHA256 over the body alone, under the secret's text
    exactly as it was shown.

    With ``timed``, a signature that comes with a timestamp is over ``timestamp.body``, the timestamp at most five
    minutes off. Of several signatures every one must hold.
    """
    claims = [(header, stamp) for header, stamp in TIMED_HEADERS if request.headers.get(header, "").strip()]
    if not timed:
        claims = [(header, "") for header, _ in claims if header == SIGNATURE_HEADER]
    if not claims:
        return "signature_missing"
    return next(filter(None, (_claim_problem(request, claim, secrets) for claim in claims)), None)


def _claim_problem(request: InboundRequest, claim: tuple[str, str], secrets: tuple[str, ...]) -> str | None:
    header, stamp_header = claim
    stamp = request.headers.get(stamp_header, "").strip()
    signed = request.body
    if stamp_header and (stamp or header != SIGNATURE_HEADER):
        if problem := timestamp_problem(stamp, request.received_at):
            return problem
        signed = f"{stamp}.".encode() + request.body
    presented = request.headers[header].strip().lower()
    for scheme in _SCHEMES:
        presented = presented.removeprefix(scheme)
    expected = [hmac_sha256_hex(secret, signed) for secret in secrets]
    return None if equals_any(expected, presented) else "signature_mismatch"


def token_problem(headers: Mapping[str, str], header: str | None, tokens: tuple[str, ...]) -> str | None:
    """None when the header (default `DEFAULT_HEADER`) holds one of the tokens."""
    header = header or DEFAULT_HEADER
    presented = headers.get(header.strip().lower(), "").strip()
    if not presented:
        return "token_missing"
    if header.strip().lower() == "authorization":
        scheme, _, presented = presented.partition(" ")
        if scheme.lower() != "bearer":
            return "token_mismatch"
    return None if equals_any(tokens, presented.strip()) else "token_mismatch"
