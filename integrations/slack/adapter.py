"""Slack's adapter: signed Events API requests in, decisions about messages out."""

from core.adapter import Door, Envelope, Findings, InboundRequest, ReceivedEvent, Recipient, Refusal, Secrets
from core.signal import Decision, Ignored
from integrations.slack.arrival import Arrival, Malformed, read_callback
from integrations.slack.capture import decide
from integrations.slack.envelope import envelope
from integrations.slack.verification import verify


class SlackAdapter:
    """Implements `core.adapter.Adapter` for https://docs.slack.dev/apis/events-api."""

    platform = "slack"
    door: Door = "slack_app"
    validates = False

    def verify(self, request: InboundRequest, secrets: Secrets) -> Refusal | None:
        """See `integrations.slack.verification.verify`."""
        return verify(request, secrets)

    def envelope(self, request: InboundRequest) -> Envelope:
        """See `integrations.slack.envelope.envelope`. Form-encoded interactive bodies do not come here."""
        return envelope(request.body)

    def signals(self, event: ReceivedEvent, recipient: Recipient, findings: Findings) -> Decision:
        """See `integrations.slack.capture.decide`."""
        callback = read_callback(event.payload)
        if isinstance(callback, Malformed):
            return Ignored(callback.reason)
        return decide(Arrival(callback, recipient, event.received_at, findings))


ADAPTER = SlackAdapter()
