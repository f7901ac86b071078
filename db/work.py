"""What is still to do or to ask: imports, recurring duties, names that platforms told us, pauses they asked for."""

from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.base import Base, HasCreatedAt, HasDue, HasId, HasUpdatedAt, JsonColumn
from db.connections import Integration

ImportState: TypeAlias = Literal["pending", "running", "done", "failed", "cancelled"]


class Import(HasDue, HasId, HasUpdatedAt, Base):
    """Older messages of a connection, fetched page by page: of one channel or, without one, of all of it.

    ``cursor`` is the position to go on from, ``reached_at`` the moment down to which it is complete, ``pace_seconds``
    the wait between two requests that the platform allows, ``page_size`` what it gives at once.
    """

    __tablename__ = "imports"
    id_prefix = "imp"

    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    integration_id: Mapped[str] = mapped_column(ForeignKey("integrations.id", ondelete="CASCADE"), index=True)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    channel_id: Mapped[str | None] = mapped_column(String(200))
    channel_name: Mapped[str | None] = mapped_column(String(200))
    since: Mapped[datetime]
    until: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(10), default="pending")
    cursor: Mapped[dict[str, Any]] = mapped_column(JsonColumn, default=dict)
    reached_at: Mapped[datetime | None]
    messages_seen: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    messages_new: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    requests_made: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    requests_expected: Mapped[int | None]
    pace_seconds: Mapped[float | None]
    page_size: Mapped[int | None]
    finished_at: Mapped[datetime | None]

    integration: Mapped[Integration] = relationship()


class Duty(HasDue, HasUpdatedAt, Base):
    """Recurring work of a connection: its kind (such as ``slack.reconcile``), and the scope it is done for (a channel's
    id, or "" for the whole connection). ``complete_until``: nothing before that moment is missing.
    """

    __tablename__ = "duties"

    integration_id: Mapped[str] = mapped_column(ForeignKey("integrations.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    scope: Mapped[str] = mapped_column(String(200), primary_key=True, default="")
    cursor: Mapped[dict[str, Any]] = mapped_column(JsonColumn, default=dict)
    complete_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]

    integration: Mapped[Integration] = relationship()


class DirectoryEntry(HasDue, Base):
    """What a platform told a connection of a user, team, channel, account or contact: its name and a few facts.

    An entry without ``fetched_at`` is still to be asked for; one past ``expires_at`` is asked for again when needed.
    """

    __tablename__ = "directory_entries"

    integration_id: Mapped[str] = mapped_column(ForeignKey("integrations.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    ref: Mapped[str] = mapped_column(String(255), primary_key=True)
    name: Mapped[str | None] = mapped_column(Text)
    facts: Mapped[dict[str, Any]] = mapped_column(JsonColumn, default=dict)
    fetched_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class ChannelAudience(HasUpdatedAt, Base):
    """Which installations of a Slack app may see a channel's events, as Slack last said. ``accounts`` holds
    ``{"enterprise_id", "team_id"}`` objects; past ``expires_at`` Slack is asked again.
    """

    __tablename__ = "channel_audiences"

    slack_app_id: Mapped[str] = mapped_column(ForeignKey("slack_apps.id", ondelete="CASCADE"), primary_key=True)
    channel_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    accounts: Mapped[list[dict[str, Any]]] = mapped_column(JsonColumn, default=list)
    fetched_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Pause(Base):
    """A platform asked us to wait: nobody calls that endpoint for that owner before ``until``.

    Owner: whoever shares the limit (a Slack installation, a Pylon organisation).
    """

    __tablename__ = "pauses"

    owner: Mapped[str] = mapped_column(String(120), primary_key=True)
    endpoint: Mapped[str] = mapped_column(String(120), primary_key=True)
    until: Mapped[datetime] = mapped_column(index=True)


class Knock(HasId, HasCreatedAt, Base):
    """A request at an integration's own door and how its checks went, for the person who sets the connection up.

    Never the request itself: ``findings`` holds slugs (``header_ok``, ``unresolved_variable``, …). The last few are
    kept. ``times``: how often an authentic body came, its exact repeats of a moment included.
    """

    __tablename__ = "knocks"
    id_prefix = "kno"

    integration_id: Mapped[str] = mapped_column(ForeignKey("integrations.id", ondelete="CASCADE"))
    event_id: Mapped[str | None] = mapped_column(ForeignKey("events.id", ondelete="SET NULL"), index=True)
    refusal: Mapped[str | None] = mapped_column(String(80))
    findings: Mapped[list[str]] = mapped_column(JsonColumn, default=list)
    times: Mapped[int] = mapped_column(default=1, server_default=text("1"))


Index("ix_knocks_integration_id_id", Knock.integration_id, Knock.id)
_DUE = text("due_at IS NOT NULL")
for _model in (Import, Duty, DirectoryEntry):
    _due_at = _model.__table__.c.due_at
    Index(f"ix_{_model.__tablename__}_due_at", _due_at, postgresql_where=_DUE, sqlite_where=_DUE)
