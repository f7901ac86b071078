"""How Slack signs what it sends."""

from core.signatures import hmac_sha256_hex

USER_AGENT = "Slackbot 1.0 (+https://api.slack.com/robots)"


def signed_headers(signing_secret: str, body: bytes, *, timestamp: int) -> dict[str, str]:
    """The headers of a request from Slack, signed with version v0 of its scheme.

    Source: https://docs.slack.dev/authentication/verifying-requests-from-slack
    """
    signature = hmac_sha256_hex(signing_secret, f"v0:{timestamp}:".encode() + body)
    return {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "x-slack-request-timestamp": str(timestamp),
        "x-slack-signature": f"v0={signature}",
    }
