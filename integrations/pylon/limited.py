"""Limited mode: without an API token, a trigger's own words are all there is, and each signal says so."""

import hashlib
from dataclasses import replace
from datetime import datetime

from core.adapter import ReceivedEvent, Recipient
from core.signal import Decision, Ignored, Topic, Writes
from core.taming import Tame
from integrations.pylon.issues import Message, capture, topic
from integrations.pylon.normalise import ISSUE_CREATED, MESSAGE_CREATED, Notice


def limited(notice: Notice, event: ReceivedEvent, recipient: Recipient) -> Decision:
    """What the body's own words are worth."""
    wanted = Tame(recipient.config).texts("pylon_events")
    if wanted and notice.type not in wanted:
        return Ignored("event_filtered")
    opens = _opens(notice)
    message = notice.opening if opens else notice.message
    if problem := _problem(notice, message, opens=opens):
        tells = _tells(notice) and problem != "no_issue_id"
        return Writes((), topics=(_topic(notice, event),), reason=problem) if tells else Ignored(problem)
    written = capture(
        notice.issue,
        message,
        ref=notice.issue.id if opens else f"{notice.issue.id}:{message.id or _fingerprint(message)}",
        scope=recipient.scope,
        # A template's time may be anything; one from the future would shut out every later write.
        version=min(_changed_at(notice, message, event), event.received_at),
        occurred_at=message.sent_at or (notice.issue.created_at if opens else None) or event.received_at,
        limited=True,
    )
    return Writes((written,), topics=(_topic(notice, event),) if _tells(notice) else ())


def _tells(notice: Notice) -> bool:
    """Whether the body says anything of the issue beside its words."""
    issue = notice.issue
    return any((issue.title, issue.state, issue.priority, issue.assignee_email, issue.tags, issue.slack_thread))


def _topic(notice: Notice, event: ReceivedEvent) -> Topic:
    changed_at = min(notice.issue.updated_at or event.received_at, event.received_at)
    return replace(topic(notice.issue, version=changed_at), partial=True)


def _opens(notice: Notice) -> bool:
    """Whether the body brings the words that opened the issue. One that does not say what happened is judged by what
    it brings.
    """
    if notice.is_named:
        return notice.type == ISSUE_CREATED
    return bool(notice.opening.text)


def _problem(notice: Notice, message: Message, *, opens: bool) -> str | None:
    if notice.unconfirmed:
        return "no_issue_id"
    if notice.thin:
        return "thin_body_without_token"
    if notice.is_named and notice.type not in (ISSUE_CREATED, MESSAGE_CREATED):
        return "state_change_only"
    if not opens and notice.private:
        return "private_message"
    if not opens and notice.by_agent:
        return "agent_message"
    return None if message.text else "no_customer_words"


def _changed_at(notice: Notice, message: Message, event: ReceivedEvent) -> datetime:
    return message.updated_at or notice.issue.updated_at or message.sent_at or event.received_at


def _fingerprint(message: Message) -> str:
    """Stands in for a message id that the template leaves out: the same words of the same person are one message."""
    said = "\0".join((message.author.external_id or message.author.email or message.author.name or "", message.text))
    return "text-" + hashlib.sha256(said.encode()).hexdigest()[:16]
