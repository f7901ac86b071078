"""Rows of the caller's workspace; another workspace's rows do not exist."""

from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound
from db import Integration, Signal, WebhookKey
from web.auth import caller

Row = TypeVar("Row", Signal, Integration, WebhookKey)


def owned(session: Session, model: type[Row], identity: str, what: str, *, lock: bool = False) -> Row:
    """The row of this id, locked for a change when asked. Raises `NotFound` naming ``what``."""
    query = select(model).where(model.id == speakable(identity, what), model.workspace_id == caller().workspace_id)
    row = session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound(what)
    return row


def speakable(identity: str, what: str) -> str:
    """The id, when a database can be asked for it at all."""
    if not (identity.isascii() and identity.isprintable()):
        raise NotFound(what)
    return identity
