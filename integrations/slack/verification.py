"""Slack's request signature, checked on the raw bytes before anything reads them."""

from core.adapter import InboundRequest, Refusal, Secrets
from core.signatures import equals_any, hmac_sha256_hex, timestamp_problem


def verify(request: InboundRequest, secrets: Secrets) -> Refusal | None:
    """None when one of the live signing secrets signed ``v0:{timestamp}:{body}`` within five minutes.

    Reasons: ``not_configured``, ``signature_missing``, ``timestamp_missing``, ``timestamp_invalid``,
    ``timestamp_stale``, ``signature_mismatch``. Total: never raises.
    Source: https://api.slack.com/authentication/verifying-requests-from-slack
    """
    reason = _problem(request, [secret for secret in secrets.signing if secret])
    return Refusal(reason) if reason else None


def _problem(request: InboundRequest, signing: list[str]) -> str | None:
    signature = request.headers.get("x-slack-signature")
    timestamp = request.headers.get("x-slack-request-timestamp")
    if not signing:
        return "not_configured"
    if not signature:
        return "signature_missing"
    if problem := timestamp_problem(timestamp, request.received_at):
        return problem
    signed = b"v0:" + (timestamp or "").encode() + b":" + request.body
    expected = ["v0=" + hmac_sha256_hex(secret, signed) for secret in signing]
    return None if equals_any(expected, signature) else "signature_mismatch"
