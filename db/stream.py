"""What: events as they arrived, what became of them, and the signals and conversations they told of."""

from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.clock import utc_now
from db.base import ID_LENGTH, Base, HasCreatedAt, HasId, HasUpdatedAt, JsonColumn

# Versions and refs are compared byte by byte on both databases; a locale's rules would skip punctuation.
_Version = String(40).with_variant(String(40, collation="C"), "postgresql")
_Ref = String(255).with_variant(String(255, collation="C"), "postgresql")

Lane: TypeAlias = Literal["decide", "import", "complete"]
"""Which way a pending event goes: decided at once, decided when nobody else waits (what was read from history), or over
the network first."""
EventState: TypeAlias = Literal["pending", "processed", "ignored", "failed"]
SignalStatus: TypeAlias = Literal["new", "reviewed", "linked", "archived"]
Outcome: TypeAlias = Literal["captured", "updated", "deleted", "superseded", "handled", "ignored", "failed"]


WAITING = "waiting:"


class Event(HasId, Base):
    """An authentic request, stored once, exactly as received."""

    __tablename__ = "events"
    id_prefix = "evt"

    platform: Mapped[str] = mapped_column(String(40))
    slack_app_id: Mapped[str | None] = mapped_column(ForeignKey("slack_apps.id", ondelete="SET NULL"), index=True)
    integration_id: Mapped[str | None] = mapped_column(ForeignKey("integrations.id", ondelete="SET NULL"))
    webhook_key_id: Mapped[str | None] = mapped_column(ForeignKey("webhook_keys.id", ondelete="SET NULL"))
    external_id: Mapped[str | None] = mapped_column(String(255))
    """The sender's id of it. One without may be called `WAITING` and its body's digest, until it is taken up."""
    type: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str | None] = mapped_column(_Ref)
    """What it is about, as a signal's ref names it; None where a platform does not say."""
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(String(10), default="pending")
    reason: Mapped[str | None] = mapped_column(String(80))
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    repeats: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """How often its sender sent it again."""
    due_at: Mapped[datetime | None]
    lane: Mapped[str] = mapped_column(String(10), default="decide", server_default=text("'decide'"))
    lease_token: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    received_at: Mapped[datetime] = mapped_column(default=utc_now)
    processed_at: Mapped[datetime | None]

    @property
    def senders_id(self) -> str | None:
        """What its sender called it, if anything."""
        return None if self.external_id is None or self.external_id.startswith(WAITING) else self.external_id


def _unique_within(credential: str) -> Index:
    """One event per external id within the credential it came through."""
    present = text(f"{credential} IS NOT NULL AND external_id IS NOT NULL")
    columns = (Event.__table__.c[credential], Event.__table__.c.external_id)
    name = f"uq_events_{credential}_external_id"
    return Index(name, *columns, unique=True, postgresql_where=present, sqlite_where=present)


_unique_within("slack_app_id")
_unique_within("integration_id")
_unique_within("webhook_key_id")
for _door in ("integration_id", "webhook_key_id"):
    _present = text(f"{_door} IS NOT NULL")
    _columns = (Event.__table__.c[_door], Event.__table__.c.id)
    Index(f"ix_events_{_door}_id", *_columns, postgresql_where=_present, sqlite_where=_present)
Index("ix_events_received_at_id", Event.received_at, Event.id)
_SUBJECT = text("subject IS NOT NULL")
Index("ix_events_subject", Event.subject, postgresql_where=_SUBJECT, sqlite_where=_SUBJECT)
_FAILED = text("state = 'failed'")
Index("ix_events_failed_id", Event.id, postgresql_where=_FAILED, sqlite_where=_FAILED)
_PENDING = text("state = 'pending'")
Index("ix_events_pending_lane_due_at", Event.lane, Event.due_at, postgresql_where=_PENDING, sqlite_where=_PENDING)


class Receipt(HasCreatedAt, Base):
    """What became of an event in one workspace: the answer to "why (not) captured?".

    ``thread`` and ``author`` are set for words that were not kept: the Slack thread (`ConversationLink.ref`) in which
    they were said, and by whom. Those that ``waits`` are wanted as soon as something of that thread is captured.
    """

    __tablename__ = "receipts"

    event_id: Mapped[str] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"), primary_key=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    integration_id: Mapped[str | None] = mapped_column(ForeignKey("integrations.id", ondelete="SET NULL"), index=True)
    outcome: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(80))
    signal_id: Mapped[str | None] = mapped_column(ForeignKey("signals.id", ondelete="SET NULL"), index=True)
    thread: Mapped[str | None] = mapped_column(_Ref)
    author: Mapped[str | None] = mapped_column(String(255))
    waits: Mapped[bool] = mapped_column(default=False, server_default=text("false"))

    event: Mapped[Event] = relationship()


Index("ix_receipts_workspace_id_event_id", Receipt.workspace_id, Receipt.event_id)
_SAID = text("thread IS NOT NULL")
Index("ix_receipts_thread", Receipt.workspace_id, Receipt.thread, postgresql_where=_SAID, sqlite_where=_SAID)


class Conversation(HasId, HasUpdatedAt, Base):
    """What belongs together: a Slack thread and the Pylon issue it became are one.

    From ``title`` on it says what its issue is like at ``source_version``; all None for a thread without one.
    """

    __tablename__ = "conversations"
    id_prefix = "con"

    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    title: Mapped[str | None] = mapped_column(Text)
    url: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str | None] = mapped_column(String(80))
    priority: Mapped[str | None] = mapped_column(String(80))
    assignee_name: Mapped[str | None] = mapped_column(Text)
    assignee_email: Mapped[str | None] = mapped_column(Text)
    account_external_id: Mapped[str | None] = mapped_column(String(255))
    account_name: Mapped[str | None] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(JsonColumn, default=list, server_default=text("'[]'"))
    source_version: Mapped[str | None] = mapped_column(_Version)

    links: Mapped[list["ConversationLink"]] = relationship(back_populates="conversation", passive_deletes=True)


class ConversationLink(HasCreatedAt, Base):
    """One name of a conversation, such as ``slack_thread C024:1712.0001`` or ``pylon_issue 2f1c``."""

    __tablename__ = "conversation_links"

    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    ref: Mapped[str] = mapped_column(String(255), primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversations.id", ondelete="CASCADE"), index=True)

    conversation: Mapped[Conversation] = relationship(back_populates="links")


class ConversationVerdict(HasCreatedAt, Base):
    """Whether two names are of one conversation, where no key says so: a guess with its score, or a person's word.

    Names, not ids, since conversations merge. ``verdict``: suggested, same or different; the lesser name comes first.
    """

    __tablename__ = "conversation_verdicts"

    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    ref: Mapped[str] = mapped_column(String(255), primary_key=True)
    other_kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    other_ref: Mapped[str] = mapped_column(String(255), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(10))
    score: Mapped[float | None]
    reasons: Mapped[list[str]] = mapped_column(JsonColumn, default=list)
    decided_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)


class Signal(HasId, HasUpdatedAt, Base):
    """A customer's words: what was said, by whom, for which account, where, and where to find it."""

    __tablename__ = "signals"
    __table_args__ = (UniqueConstraint("workspace_id", "source", "source_scope", "source_ref"),)
    id_prefix = "sig"

    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(40))
    source_scope: Mapped[str] = mapped_column(String(80), default="")
    source_ref: Mapped[str] = mapped_column(_Ref)
    source_version: Mapped[str] = mapped_column(_Version)
    source_url: Mapped[str | None] = mapped_column(Text)
    verbatim: Mapped[str] = mapped_column(Text)
    interpretation: Mapped[str | None] = mapped_column(Text)
    severity: Mapped[str | None] = mapped_column(String(10))
    frequency: Mapped[str | None] = mapped_column(String(10))
    user_segment: Mapped[str | None] = mapped_column(Text)
    author_name: Mapped[str | None] = mapped_column(Text)
    author_email: Mapped[str | None] = mapped_column(Text)
    author_external_id: Mapped[str | None] = mapped_column(String(255))
    author_affiliation: Mapped[str] = mapped_column(String(10), default="unknown")
    account_external_id: Mapped[str | None] = mapped_column(String(255))
    account_name: Mapped[str | None] = mapped_column(Text)
    tags: Mapped[list[str]] = mapped_column(JsonColumn, default=list)
    links: Mapped[list[dict[str, Any]]] = mapped_column(JsonColumn, default=list)
    conversation_id: Mapped[str | None] = mapped_column(ForeignKey("conversations.id", ondelete="SET NULL"), index=True)
    source_metadata: Mapped[dict[str, Any]] = mapped_column(JsonColumn, default=dict)
    status: Mapped[str] = mapped_column(String(10), default="new")
    is_trivial: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Words that say nothing of their own ("thanks!"): kept, and hidden unless asked for."""
    occurred_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]

    conversation: Mapped[Conversation | None] = relationship()


Index("ix_signals_workspace_id_occurred_at_id", Signal.workspace_id, Signal.occurred_at, Signal.id)
_DAILY = (Signal.workspace_id, Signal.occurred_at, Signal.source, Signal.deleted_at, Signal.is_trivial, Signal.id)
Index("ix_signals_daily", *_DAILY)
Index("ix_signals_workspace_id_updated_at_id", Signal.workspace_id, Signal.updated_at, Signal.id)


class SignalRevision(Base):
    """What a signal said before an edit at its source."""

    __tablename__ = "signal_revisions"

    signal_id: Mapped[str] = mapped_column(ForeignKey("signals.id", ondelete="CASCADE"), primary_key=True)
    source_version: Mapped[str] = mapped_column(_Version, primary_key=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    verbatim: Mapped[str] = mapped_column(Text)
    replaced_at: Mapped[datetime]


class SignalCopy(Base):
    """A signal whose words became another signal first, through another source: both stay, one is counted."""

    __tablename__ = "signal_copies"

    signal_id: Mapped[str] = mapped_column(ForeignKey("signals.id", ondelete="CASCADE"), primary_key=True)
    original_id: Mapped[str] = mapped_column(ForeignKey("signals.id", ondelete="CASCADE"), index=True)
    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
