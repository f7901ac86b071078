"""The generic webhook as a platform: any program with a webhook key may hand in a customer's words."""

from core.adapter import Adapter, Door, Envelope, Findings, InboundRequest, ReceivedEvent, Recipient, Refusal, Secrets
from core.errors import InvalidFields, NotJsonObject
from core.signal import Capture, Decision, Ignored, Writes
from core.signatures import equals_any, hmac_sha256_hex
from core.taming import bounded, clean
from integrations.webhook.fields import submission_of

SIGNATURE_HEADER = "x-webhook-signature"
ID_HEADER = "webhook-id"
UNSUPPORTED_HEADERS = ("x-webhook-timestamp", "webhook-timestamp", "webhook-signature")
"""Headers of modes that sign a timestamp too. A proof that nobody checks must not look as if it counted."""


ONLY_VERSION = "1"
"""A submission is said once: another one with the same ``source_ref`` is a repeat and never an edit."""


class WebhookAdapter:
    """Valid or refused at the door; one submission becomes one signal."""

    platform = "webhook"
    door: Door = "webhook_key"
    validates = True

    def verify(self, request: InboundRequest, secrets: Secrets) -> Refusal | None:
        """``X-Webhook-Signature: sha256=<hex>``, HMAC-SHA256 over the body under the secret's whole text. It may be
        absent when an API key has already identified the sender; sent, it must be right.
        """
        if any(name in request.headers for name in UNSUPPORTED_HEADERS):
            return Refusal("mode_not_supported")
        presented = request.headers.get(SIGNATURE_HEADER)
        if presented is None:
            return None if secrets.identified else Refusal("signature_missing")
        expected = [f"sha256={hmac_sha256_hex(secret, request.body)}" for secret in secrets.signing if secret]
        return None if equals_any(expected, presented.strip().lower()) else Refusal("signature_mismatch")

    def envelope(self, request: InboundRequest) -> Envelope:
        """Raises `NotJsonObject` or `InvalidFields`. The sender's ``webhook-id``, else its ``source_ref``,
        makes a repeat recognizable.
        """
        submission = submission_of(request.body)
        sent_id = clean(request.headers.get(ID_HEADER, "")).strip()
        ref = bounded(f"ref:{submission.source_ref}") if submission.source_ref else None
        return Envelope("signal", external_id=bounded(sent_id) if sent_id else ref)

    def signals(self, event: ReceivedEvent, recipient: Recipient, findings: Findings) -> Decision:  # noqa: ARG002 - nothing is looked up
        """The submission as one capture."""
        try:
            submission = submission_of(event.payload)
        except (NotJsonObject, InvalidFields) as error:
            return Ignored(error.reason)
        capture = Capture(
            ref=submission.source_ref or event.id,
            version=ONLY_VERSION,
            verbatim=submission.verbatim,
            occurred_at=submission.occurred_at or event.received_at,
            scope=recipient.scope,
            author=submission.author,
            account=submission.account,
            url=submission.source_url,
            interpretation=submission.interpretation,
            severity=submission.severity,
            frequency=submission.frequency,
            user_segment=submission.user_segment,
            tags=submission.tags,
            metadata=submission.metadata,
        )
        return Writes((capture,))


ADAPTER: Adapter = WebhookAdapter()
