"""Saved views: searches that somebody gave a name, seen by everybody in the workspace."""

from dataclasses import dataclass

from flask import redirect, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import FieldError, InvalidFields, NotFound
from core.taming import clean
from db import SavedView
from web.actions import actor, audit
from web.console.blueprint import console
from web.console.navigation import EDITORS
from web.console.search import FIELDS, read_search, signals_url
from web.services import services
from web.session import Visitor, require_role

MOST = 50
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class ViewLink:
    """A saved view as a link; ``is_current`` when it is what the page shows."""

    id: str
    name: str
    url: str
    is_current: bool


def saved_views(session: Session, workspace_id: str, shown: dict[str, str]) -> list[ViewLink]:
    """The workspace's views by name; ``shown`` are the parameters of the present page."""
    query = select(SavedView).where(SavedView.workspace_id == workspace_id).order_by(func.lower(SavedView.name))
    return [_link(view, shown) for view in session.scalars(query.limit(MOST))]


@console.post("/views")
@require_role(*EDITORS)
def save_view(visitor: Visitor) -> Response:
    """Keeps the search in the form's fields under the name in ``name``. Raises `InvalidFields`."""
    name = " ".join(clean(request.form.get("name", "")).split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise InvalidFields([FieldError("name", f"Give the view a name of 1 to {LONGEST_NAME} characters.")])
    search = read_search(request.form)
    if search.filters is None or not search.values:
        raise InvalidFields([FieldError("q", "There is nothing to keep: look for something first.")])
    with services().database.write() as session:
        _refuse_too_many(session, visitor.workspace_id)
        view = SavedView(
            workspace_id=visitor.workspace_id,
            created_by=visitor.user_id,
            name=name,
            query=dict(search.values),
            created_at=services().clock(),
        )
        session.add(view)
        audit(session, actor(visitor), "saved_view.created", view.id, {"name": name})
    return redirect(signals_url(search.values), 303)


@console.post("/views/<view_id>/delete")
@require_role(*EDITORS)
def delete_view(visitor: Visitor, view_id: str) -> Response:
    """Forgets the view for everybody; the signals stay."""
    with services().database.write() as session:
        view = session.get(SavedView, clean(view_id))
        if view is None or view.workspace_id != visitor.workspace_id:
            raise NotFound("view")
        session.delete(view)
        audit(session, actor(visitor), "saved_view.deleted", view.id, {"name": view.name})
    return redirect(url_for("console.signals"), 303)


def _link(view: SavedView, shown: dict[str, str]) -> ViewLink:
    values = {name: str(view.query[name]) for name in FIELDS if name in view.query}
    return ViewLink(view.id, view.name, signals_url(values), values == shown)


def _refuse_too_many(session: Session, workspace_id: str) -> None:
    count = select(func.count()).select_from(SavedView).where(SavedView.workspace_id == workspace_id)
    if (session.scalar(count) or 0) >= MOST:
        raise InvalidFields([FieldError("name", f"There can be {MOST} saved views at most: delete one first.")])
