"""Saved views in the list of signals: as links, kept from the present search, and forgotten."""

from dataclasses import dataclass

from flask import redirect, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import FieldError, InvalidFields
from db import SavedView
from web.actions import actor
from web.actions import saved_views as actions
from web.console.blueprint import console
from web.console.confirming import once_confirmed
from web.console.navigation import EDITORS
from web.console.resending import once_per_form
from web.console.search import read_search, signals_url
from web.session import Visitor, require_role


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
    return [_link(view, shown) for view in session.scalars(query.limit(actions.MOST))]


@console.post("/views")
@require_role(*EDITORS)
@once_per_form
def save_view(visitor: Visitor) -> Response:
    """Keeps the search in the form's fields under the name in ``name``. Raises `InvalidFields`."""
    search = read_search(request.form)
    if search.filters is None:
        raise InvalidFields([FieldError(name, problem) for name, problem in search.errors.items()])
    actions.save_view(actor(visitor), request.form.get("name", ""), search.values)
    return redirect(signals_url(search.values), 303)


@console.post("/views/<view_id>/delete")
@require_role(*EDITORS)
@once_confirmed
def delete_view(visitor: Visitor, view_id: str) -> Response:
    """Forgets the view for everybody; the signals stay."""
    actions.delete_view(actor(visitor), view_id)
    return redirect(url_for("console.signals"), 303)


def _link(view: SavedView, shown: dict[str, str]) -> ViewLink:
    values = {name: str(view.query[name]) for name in actions.FIELDS if name in view.query}
    return ViewLink(view.id, view.name, signals_url(values), values == shown)
