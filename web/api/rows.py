"""Rows of the caller's workspace; another workspace's rows do not exist."""

from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from db import ApiToken, Base, Integration, Invitation, SavedView, SlackApp, WebhookKey
from web import actions
from web.actions import Row, actor, speakable
from web.api.fields import ListQuery
from web.auth import caller
from web.paging import cut, newest_first
from web.services import services

__all__ = ["own_page", "owned", "plain", "speakable"]

Listed = TypeVar("Listed", Integration, WebhookKey, Invitation, ApiToken, SavedView, SlackApp)


def owned(session: Session, model: type[Row], identity: str, what: str, *, lock: bool = False) -> Row:
    """The caller's row of this id; see `web.actions.owned`."""
    return actions.owned(session, actor(caller()), model, identity, what, lock=lock)


def own_page(
    model: type[Listed], asked: ListQuery, *conditions: ColumnElement[bool]
) -> tuple[Sequence[Listed], str | None]:
    """A page of the caller's rows of a model, the newest first, and the cursor of the next one."""
    query = select(model).where(model.workspace_id == caller().workspace_id, *conditions)
    query = newest_first(query, model.created_at, model.id, limit=asked.limit, cursor=asked.cursor)
    with services().database.read() as session:
        rows = session.scalars(query).all()
    return cut(rows, asked.limit, lambda row: (row.created_at, row.id))


def plain(shown: type[BaseModel], row: Base, *, given: dict[str, Any] | None = None) -> dict[str, Any]:
    """What a model shows of a row, by the names that both have; what is ``given`` is not asked of the row."""
    given = given or {}
    return {name: getattr(row, name) for name in shown.model_fields if name not in given} | given
