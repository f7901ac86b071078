"""Rows of the caller's workspace; another workspace's rows do not exist."""

from sqlalchemy.orm import Session

from web import actions
from web.actions import Row, actor, speakable
from web.auth import caller

__all__ = ["owned", "speakable"]


def owned(session: Session, model: type[Row], identity: str, what: str, *, lock: bool = False) -> Row:
    """The caller's row of this id; see `web.actions.owned`."""
    return actions.owned(session, actor(caller()), model, identity, what, lock=lock)
