"""Pylon as a platform: every delivery is stored; with an API token its words are read again from Pylon itself.

A webhook body is a hint that something changed. Without a token (limited mode) the body's own words are taken,
when the template has any.
"""

import re

from core.adapter import Adapter, Door, Envelope, Findings, InboundRequest, ReceivedEvent, Recipient, Refusal, Secrets
from core.errors import NotJsonObject
from core.signal import Decision, Ignored
from integrations.pylon.hydrated import hydrated
from integrations.pylon.limited import limited
from integrations.pylon.normalise import ISSUE_UPDATED, notice_of, type_and_issue
from integrations.pylon.salvage import salvaged
from integrations.pylon.verification import refusal

SALVAGED = "body_salvaged"
"""The reason of what was read again though the body that asked for it was broken."""
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class PylonAdapter:
    """The pure middle; the look-ups it asks for are in ``lookups.py``."""

    platform = "pylon"
    door: Door = "ingest_key"
    validates = False

    def verify(self, request: InboundRequest, secrets: Secrets) -> Refusal | None:
        """Whatever the connection configures must pass: signature, header token, or both."""
        return refusal(request, secrets)

    def envelope(self, request: InboundRequest) -> Envelope:
        """Never deduplicated: Pylon sends no delivery id, and thin bodies repeat byte for byte legitimately."""
        try:
            kind, issue_id = type_and_issue(request.body)
        except NotJsonObject as error:
            if (issue_id := salvaged(request.body)) is None:
                return Envelope("unknown", malformed=error.reason)
            kind = ISSUE_UPDATED
        return Envelope(kind, subject=issue_id, is_hint=issue_id is not None)

    def signals(self, event: ReceivedEvent, recipient: Recipient, findings: Findings) -> Decision:
        """One capture per customer message that is known; the look-ups needed first; or why there is none."""
        try:
            notice = notice_of(event.payload, recipient.colleagues)
        except NotJsonObject as error:
            issue_id = salvaged(event.payload) if recipient.has_token else None
            return hydrated(issue_id, event, recipient, findings, SALVAGED) if issue_id else Ignored(error.reason)
        if notice.issue_id is None:
            return Ignored("no_issue_id")
        if notice.ambiguous and not (recipient.has_token and _UUID.fullmatch(notice.issue_id)):
            return Ignored("ambiguous_body")
        if recipient.has_token:
            return hydrated(notice.issue_id, event, recipient, findings)
        return limited(notice, event, recipient)


ADAPTER: Adapter = PylonAdapter()
