"""Pylon as a platform: every delivery is stored; with an API token its words are read again from Pylon itself.

A webhook body is a hint that something changed. Without a token (limited mode) the body's own words are taken,
when the template has any.
"""

import re
from datetime import UTC, datetime

from core.adapter import Adapter, Door, Envelope, Findings, InboundRequest, ReceivedEvent, Recipient, Refusal, Secrets
from core.errors import NotJsonObject
from core.signal import Capture, Decision, Ignored, Lookup, Needs, Writes
from core.taming import Tame
from integrations.pylon.issues import Issue, Message, capture, issue_of, message_of
from integrations.pylon.normalise import ISSUE_CREATED, MESSAGE_CREATED, Notice, event_type, notice_of
from integrations.pylon.verification import refusal

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)


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
            return Envelope(event_type(request.body))
        except NotJsonObject as error:
            return Envelope("unknown", malformed=error.reason)

    def signals(self, event: ReceivedEvent, recipient: Recipient, findings: Findings) -> Decision:
        """One capture per customer message that is known; the look-ups needed first; or why there is none."""
        try:
            notice = notice_of(event.payload)
        except NotJsonObject as error:
            return Ignored(error.reason)
        wanted = Tame(recipient.config).texts("pylon_events")
        if wanted and notice.type not in wanted:
            return Ignored("event_filtered")
        if notice.issue_id is None:
            return Ignored("no_issue_id")
        if notice.ambiguous and not (recipient.has_token and _UUID.fullmatch(notice.issue_id)):
            return Ignored("ambiguous_body")
        if recipient.has_token:
            return _hydrated(notice.issue_id, event, recipient.scope, findings)
        return _limited(notice, event, recipient.scope)


def _hydrated(issue_id: str, event: ReceivedEvent, scope: str, findings: Findings) -> Decision:
    """The issue as Pylon's API tells it now, whatever the body said."""
    needed = (Lookup("issue", issue_id), Lookup("messages", issue_id))
    if any(lookup not in findings for lookup in needed):
        return Needs(needed)
    issue = issue_of(Tame(findings[needed[0]]), issue_id)
    messages = [message_of(raw) for raw in Tame(findings[needed[1]]).objects("messages")]
    theirs = sorted((m for m in messages if not m.internal), key=lambda message: message.sent_at or _END_OF_TIME)
    named = [(issue.id if place == 0 else f"{issue.id}:{m.id}", m) for place, m in enumerate(theirs)]
    writes = [_reread(issue, m, ref, event, scope) for ref, m in named if m.text and (m.id or ref == issue.id)]
    return Writes(tuple(writes)) if writes else Ignored("no_customer_words")


def _reread(issue: Issue, message: Message, ref: str, event: ReceivedEvent, scope: str) -> Capture:
    """A redacted or edited message keeps its timestamp, so the issue's last change is part of its version."""
    changes = [moment for moment in (issue.updated_at, message.updated_at, message.sent_at) if moment]
    return capture(
        issue,
        message,
        ref=ref,
        scope=scope,
        version=max(changes, default=event.received_at),
        occurred_at=message.sent_at or issue.created_at or event.received_at,
        limited=False,
    )


def _limited(notice: Notice, event: ReceivedEvent, scope: str) -> Decision:
    """What the body's own words are worth, without an API token."""
    message = notice.message if notice.type == MESSAGE_CREATED else notice.opening
    if problem := _limited_problem(notice, message):
        return Ignored(problem)
    sent_at = message.sent_at or (notice.issue.created_at if notice.type == ISSUE_CREATED else None)
    changed_at = message.updated_at or notice.issue.updated_at or message.sent_at or event.received_at
    written = capture(
        notice.issue,
        message,
        ref=f"{notice.issue.id}:{message.id}" if notice.type == MESSAGE_CREATED else notice.issue.id,
        scope=scope,
        # A template's time may be anything; one from the future would shut out every later write.
        version=min(changed_at, event.received_at),
        occurred_at=sent_at or event.received_at,
        limited=True,
    )
    return Writes((written,))


def _limited_problem(notice: Notice, message: Message) -> str | None:
    if notice.thin:
        return "thin_body_without_token"
    if notice.type not in (ISSUE_CREATED, MESSAGE_CREATED):
        return "state_change_only"
    if notice.type == MESSAGE_CREATED and notice.private:
        return "private_message"
    if notice.type == MESSAGE_CREATED and notice.by_agent:
        return "agent_message"
    if not message.text:
        return "no_customer_words"
    return "no_message_id" if notice.type == MESSAGE_CREATED and message.id is None else None


ADAPTER: Adapter = PylonAdapter()
