"""What can be done in a workspace, whoever asks: the console and the API call the same functions."""

from dataclasses import dataclass
from typing import TypeVar, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound
from core.taming import JsonObject
from db import (
    ApiToken,
    AuditEntry,
    Conversation,
    Import,
    Integration,
    Invitation,
    Role,
    SavedView,
    Signal,
    SlackApp,
    WebhookKey,
    WorkspaceMember,
)
from web.auth import Caller
from web.services import services
from web.session import Visitor

Row = TypeVar("Row", Signal, Conversation, SavedView, Integration, SlackApp, WebhookKey, Invitation, ApiToken, Import)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and where: a person in the console, or the person behind an API token."""

    workspace_id: str
    user_id: str | None
    token_id: str | None = None


def actor(who: Caller | Visitor) -> Actor:
    """The actor behind a request: ``actor(caller())`` in the API, ``actor(visitor)`` in the console."""
    return Actor(who.workspace_id, who.user_id, who.token_id if isinstance(who, Caller) else None)


def owned(session: Session, who: Actor, model: type[Row], identity: str, what: str, *, lock: bool = False) -> Row:
    """The workspace's row of this id, locked for a change when asked. Raises `NotFound` naming ``what``."""
    query = select(model).where(model.id == speakable(identity, what), model.workspace_id == who.workspace_id)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound(what)
    return row


def speakable(identity: str, what: str) -> str:
    """The id, when a database can be asked for it at all."""
    if not (identity.isascii() and identity.isprintable()):
        raise NotFound(what)
    return identity


def role_of(session: Session, who: Actor) -> Role | None:
    """The actor's role as it is now."""
    query = select(WorkspaceMember.role).where(
        WorkspaceMember.workspace_id == who.workspace_id, WorkspaceMember.user_id == who.user_id
    )
    return cast("Role | None", session.scalar(query))


def audit(session: Session, who: Actor, action: str, target_id: str | None, details: JsonObject | None = None) -> None:
    """One entry such as ``integration.connected``, in the transaction of the change; details never hold a secret."""
    token: JsonObject = {"token_id": who.token_id} if who.token_id else {}
    session.add(
        AuditEntry(
            workspace_id=who.workspace_id,
            actor_id=who.user_id,
            action=action,
            target_id=target_id,
            details={**token, **(details or {})},
            created_at=services().clock(),
        )
    )
