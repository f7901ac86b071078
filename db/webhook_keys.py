"""Where from: the keys by which any program sends signals."""

from datetime import datetime
from typing import TYPE_CHECKING, Required, TypedDict

from sqlalchemy import ForeignKey, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from db.base import Base, HasCreatedAt, HasId
from db.sealed import Sealed

if TYPE_CHECKING:
    from db.tenancy import User, Workspace


class WebhookKey(HasId, HasCreatedAt, Base):
    """A key for the generic webhook. ``api_key`` holds a keyed digest, never the key."""

    __tablename__ = "webhook_keys"
    id_prefix = "key"

    workspace_id: Mapped[str] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    api_key: Mapped[str] = mapped_column(String(64), unique=True)
    api_key_hint: Mapped[str] = mapped_column(String(20))
    secret = Sealed()
    previous_secret = Sealed()
    previous_secret_expires_at: Mapped[datetime | None]
    is_active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    last_used_at: Mapped[datetime | None]
    created_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)

    workspace: Mapped["Workspace"] = relationship(back_populates="webhook_keys")
    creator: Mapped["User | None"] = relationship()


class NewWebhookKey(TypedDict, total=False):
    """What a webhook key is made of: ``api_key`` is the digest."""

    workspace_id: Required[str]
    name: Required[str]
    api_key: Required[str]
    api_key_hint: Required[str]
    secret: Required[str]
    is_active: bool
    created_by: str | None
