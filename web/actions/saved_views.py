"""Saved views: searches that somebody gave a name, seen by everybody in the workspace."""

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.errors import FieldError, InvalidFields
from core.taming import clean
from db import SavedView
from web.actions import Actor, audit, owned
from web.services import services

MOST = 50
LONGEST_NAME = 80
FIELDS = (
    "q", "source", "status", "severity", "account", "channel", "author", "since", "until", "include_trivial", "sort",
)  # fmt: skip
"""What a view may look for, named as the filters of signals; ``since`` and ``until`` are days, ``2026-11-20``."""


def save_view(who: Actor, name: str, query: Mapping[str, str]) -> SavedView:
    """The new view. Raises `InvalidFields` for a blank or overlong name, nothing to keep, or one view too many."""
    name = " ".join(clean(name).split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidFields([FieldError("name", f"Give the view a name of 1 to {LONGEST_NAME} characters.")])
    if not query.keys() - {"sort"}:
        raise InvalidFields([FieldError("query", "There is nothing to keep: look for something first.")])
    view = SavedView(
        workspace_id=who.workspace_id, created_by=who.user_id, name=name, query=dict(query),
        created_at=services().clock(),
    )  # fmt: skip
    with services().database.write() as session:
        _refuse_too_many(session, who.workspace_id)
        session.add(view)
        audit(session, who, "saved_view.created", view.id, {"name": name})
    return view


def delete_view(who: Actor, view_id: str) -> None:
    """Forgets the view for everybody; the signals stay."""
    with services().database.write() as session:
        view = owned(session, who, SavedView, view_id, "view", lock=True)
        session.delete(view)
        audit(session, who, "saved_view.deleted", view.id, {"name": view.name})


def _refuse_too_many(session: Session, workspace_id: str) -> None:
    count = select(func.count()).select_from(SavedView).where(SavedView.workspace_id == workspace_id)
    if (session.scalar(count) or 0) >= MOST:
        raise InvalidFields([FieldError("name", f"There can be {MOST} saved views at most: delete one first.")])
