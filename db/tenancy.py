"""Who: workspaces (the tenants), the people in them, and how they and their programs sign in."""

from datetime import datetime
from typing import Any, Literal, TypeAlias, TypedDict

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.base import ID_LENGTH, Base, HasCreatedAt, HasId, JsonColumn
from db.connections import Integration, SlackApp
from db.sealed import Sealed
from db.webhook_keys import WebhookKey

Role: TypeAlias = Literal["owner", "admin", "member", "viewer"]
Scope: TypeAlias = Literal["read", "write", "admin"]


class Workspace(HasId, HasCreatedAt, Base):
    """A tenant: nothing of it is ever seen from another."""

    __tablename__ = "workspaces"
    id_prefix = "ws"

    name: Mapped[str] = mapped_column(String(200))
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    retention_days: Mapped[int | None]

    members: Mapped[list["WorkspaceMember"]] = relationship(back_populates="workspace", passive_deletes=True)
    integrations: Mapped[list["Integration"]] = relationship(back_populates="workspace", passive_deletes=True)
    webhook_keys: Mapped[list["WebhookKey"]] = relationship(back_populates="workspace", passive_deletes=True)
    slack_apps: Mapped[list["SlackApp"]] = relationship(back_populates="workspace", passive_deletes=True)


class NewWorkspace(TypedDict, total=False):
    """What a workspace is made of."""

    name: str
    slug: str
    retention_days: int | None


class User(HasId, HasCreatedAt, Base):
    """A person, in as many workspaces as they are a member of."""

    __tablename__ = "users"
    id_prefix = "usr"

    email: Mapped[str] = mapped_column(String(320), index=True)
    name: Mapped[str | None] = mapped_column(String(200))

    identities: Mapped[list["UserIdentity"]] = relationship(back_populates="user", passive_deletes=True)
    memberships: Mapped[list["WorkspaceMember"]] = relationship(back_populates="user", passive_deletes=True)


class NewUser(TypedDict, total=False):
    """What a user is made of."""

    email: str
    name: str | None


class UserIdentity(HasId, HasCreatedAt, Base):
    """How a person is known elsewhere: OIDC (issuer, subject), or Slack with ``team/user`` as the subject.
    Never by e-mail: addresses change hands.
    """

    __tablename__ = "user_identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)
    id_prefix = "idn"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))

    user: Mapped[User] = relationship(back_populates="identities")


class WorkspaceMember(HasCreatedAt, Base):
    """A person's place in a workspace."""

    __tablename__ = "workspace_members"

    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(String(10))

    workspace: Mapped[Workspace] = relationship(back_populates="members")
    user: Mapped[User] = relationship(back_populates="memberships")


class UserSession(HasId, HasCreatedAt, Base):
    """A signed-in browser; the cookie's token is kept as a digest."""

    __tablename__ = "sessions"
    id_prefix = "ses"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    workspace_id: Mapped[str | None] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SignInLink(HasId, HasCreatedAt, Base):
    """A one-time link that signs a person in."""

    __tablename__ = "sign_in_links"
    id_prefix = "lnk"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    workspace_id: Mapped[str | None] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    consumed_at: Mapped[datetime | None]


class ApiToken(HasId, HasCreatedAt, Base):
    """A program's way in: the token is kept as a digest."""

    __tablename__ = "api_tokens"
    id_prefix = "tok"

    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    token_hint: Mapped[str] = mapped_column(String(20))
    scopes: Mapped[list[Scope]] = mapped_column(JsonColumn)
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    workspace: Mapped[Workspace] = relationship()
    creator: Mapped[User | None] = relationship()


class AuditEntry(HasId, HasCreatedAt, Base):
    """Who did what in a workspace; details never hold a secret."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("ix_audit_log_workspace_id_id", "workspace_id", "id"),)
    id_prefix = "aud"

    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    actor_id: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    action: Mapped[str] = mapped_column(String(80))
    target_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    details: Mapped[dict[str, Any]] = mapped_column(JsonColumn, default=dict)
    reason: Mapped[str | None] = mapped_column(Text)


class Invitation(HasId, HasCreatedAt, Base):
    """A place in a workspace that waits for its person; the link's token is kept as a digest."""

    __tablename__ = "invitations"
    id_prefix = "inv"

    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    invited_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    email: Mapped[str] = mapped_column(String(320))
    role: Mapped[str] = mapped_column(String(10))
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SavedView(HasId, HasCreatedAt, Base):
    """A search that somebody gave a name; everybody in the workspace sees it."""

    __tablename__ = "saved_views"
    id_prefix = "viw"

    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    query: Mapped[dict[str, Any]] = mapped_column(JsonColumn, default=dict)


class IdempotencyKey(HasCreatedAt, Base):
    """The answer that a POST got, so that its repeat gets the same and does nothing again.

    The answer is sealed, since it may show a secret; ``status`` is missing while the first request is still at work.
    """

    __tablename__ = "idempotency_keys"

    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int | None]
    answer = Sealed()
    expires_at: Mapped[datetime] = mapped_column(index=True)
