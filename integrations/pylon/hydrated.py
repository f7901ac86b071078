"""An issue as Pylon's API tells it now: one capture per customer message, what the issue is like, and what is gone.

Event names hardly matter here: whatever a trigger called itself, the difference to what is stored says what happened.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from core.adapter import Findings, ReceivedEvent, Recipient
from core.signal import Capture, ConversationKey, Decision, Inventory, Lookup, Needs, Removal, Topic, Writes
from core.taming import Tame, bounded
from integrations.pylon.issues import Issue, Message, capture, is_redacted, issue_of, message_of, sortable, topic
from integrations.pylon.normalise import ISSUE_CREATED, MESSAGE_CREATED

_END_OF_TIME = datetime.max.replace(tzinfo=UTC)
COMPANY_SECONDS = 2.0
"""Triggers come in bursts, one for each thing that changed: they are answered together."""
OPENING_WITHIN = timedelta(seconds=5)
"""How long after its issue a message may come that is still the one that opened it."""


def hydrated(
    key: str, event: ReceivedEvent, recipient: Recipient, findings: Findings, reason: str | None = None
) -> Decision:
    """What the API's answers come to, with this ``reason``; or the look-ups that are needed first. ``key``: the issue's
    id, or its number, by which Pylon tells an issue but neither its messages nor its threads.
    """
    about = Lookup("issue", key)
    issue_id = issue_of(Tame(findings[about]), key).id if about in findings else None if key.isdigit() else key
    if issue_id is None:
        return Needs((about,), after=COMPANY_SECONDS)
    needed = (about, Lookup("messages", issue_id), Lookup("threads", issue_id))
    if any(lookup not in findings for lookup in needed):
        return Needs(needed, after=COMPANY_SECONDS)
    issue = issue_of(Tame(findings[about]), key)
    messages = [message_of(raw) for raw in Tame(findings[needed[1]]).objects("messages")]
    told = _Telling(issue, event, recipient)
    writes = told.writes(_customers(issue, messages))
    return Writes(
        tuple(writes),
        topics=(told.topic(Tame(findings[needed[2]])),),
        inventories=(told.inventory([write.ref for write in writes]),),
        reason=reason,
    )


def _customers(issue: Issue, messages: Sequence[Message]) -> list[Message]:
    """The customer's messages in their order. A form's or an e-mail's first words may stand in the issue alone."""
    theirs = sorted((m for m in messages if not m.internal), key=lambda message: message.sent_at or _END_OF_TIME)
    if theirs or messages or not issue.opening:
        return theirs
    return [Message(None, issue.opening, issue.requester, sent_at=issue.created_at)]


class _Telling:
    """One hydration, with what every part of its decision needs to know."""

    def __init__(self, issue: Issue, event: ReceivedEvent, recipient: Recipient) -> None:
        self._issue = issue
        self._event = event
        self._scope = recipient.scope
        self._wanted = Tame(recipient.config).texts("pylon_events")

    def writes(self, theirs: Sequence[Message]) -> list[Capture | Removal]:
        """A capture for each message with words, a purge for each that was redacted."""
        named = [(self._ref(message, is_first=place == 0), message) for place, message in enumerate(theirs)]
        return [self._write(ref, message) for ref, message in named if ref is not None]

    def topic(self, threads: Tame) -> Topic:
        """What the issue is like."""
        issue = self._issue
        changed_at = issue.updated_at or issue.created_at or self._event.received_at
        internal = tuple(_internal_threads(threads, besides=issue.slack_thread))
        return replace(topic(issue, version=changed_at), internal=internal)

    def inventory(self, refs: Sequence[str]) -> Inventory:
        """All that the issue holds of the customer's words."""
        at = max(filter(None, (self._issue.updated_at, self._event.received_at)))
        return Inventory(
            ConversationKey("pylon_issue", bounded(self._issue.id)), tuple(refs), sortable(at), at, self._scope
        )

    def _ref(self, message: Message, *, is_first: bool) -> str | None:
        """Both modes name the opening message by its issue; a later one that moved up keeps its own name."""
        opened_at = self._issue.created_at
        opens = is_first and (
            opened_at is None or message.sent_at is None or message.sent_at - opened_at <= OPENING_WITHIN
        )
        if opens or (is_first and message.text == self._issue.opening):
            return bounded(self._issue.id)
        return bounded(f"{self._issue.id}:{message.id}") if message.id else None

    def _write(self, ref: str, message: Message) -> Capture | Removal:
        changes = [moment for moment in (self._issue.updated_at, message.updated_at, message.sent_at) if moment]
        # A redacted or edited message keeps its timestamp, so the issue's last change is part of its version.
        version = max(changes, default=self._event.received_at)
        occurred_at = message.sent_at or self._issue.created_at or self._event.received_at
        is_opening = ref == bounded(self._issue.id)
        unwanted = self._unwanted(ISSUE_CREATED if is_opening else MESSAGE_CREATED)
        if is_redacted(message):
            return Removal(
                ref, sortable(version), version, occurred_at, self._scope, "no_customer_words", redacted=True
            )
        return capture(
            self._issue, message, ref=ref, scope=self._scope, version=version, occurred_at=occurred_at,
            limited=False, only_changes=unwanted,
        )  # fmt: skip

    def _unwanted(self, kind: str) -> str | None:
        """Events that an admin does not want bring no new words; what was captured before still follows its source."""
        return "event_filtered" if self._wanted and kind not in self._wanted else None


def _internal_threads(threads: Tame, *, besides: str | None) -> Iterator[ConversationKey]:
    """Threads of our own channels that Pylon keeps in step with the issue: https://docs.usepylon.com (IssueThread)."""
    for thread in threads.objects("threads"):
        channel, root = thread.text("channel_id"), thread.text("thread_id")
        if channel and root and (ref := bounded(f"{channel}:{root}")) != besides:
            yield ConversationKey("slack_thread", ref)
