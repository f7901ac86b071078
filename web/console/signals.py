"""The list of signals: looked for, filtered, kept current, and changed many at once."""

from flask import Response, make_response, redirect, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from core.errors import FieldError, InvalidFields
from core.taming import JsonObject
from web.actions import actor
from web.actions.signals import SignalChanges, change_signals
from web.console import stream
from web.console.blueprint import console
from web.console.channels import channel_choices
from web.console.frame import frame_of
from web.console.navigation import EDITORS
from web.console.saved_views import saved_views
from web.console.search import Search, read_search, signals_url
from web.console.triage import SEVERITIES, STATUSES, chosen_status
from web.console.wording import SOURCES, humanized, platform_name
from web.services import services
from web.session import Visitor, require_role

HTMX_CONFIG: JsonObject = {
    "allowEval": False,
    "allowScriptTags": False,
    "historyCacheSize": 0,
    "includeIndicatorStyles": False,
    "refreshOnHistoryMiss": True,
    "selfRequestsOnly": True,
}
"""The Content-Security-Policy allows neither inline styles nor evaluation, and what customers said is not to stay in
the browser's storage: https://htmx.org/reference/#config.
"""


@console.get("/signals")
@require_role()
def signals(visitor: Visitor) -> Response:
    """The signals that the address asks for, newest first or by relevance; ``before`` is the cursor of a later page.

    422 when a filter cannot be understood; the page says which.
    """
    search = read_search(request.args)
    with services().database.read() as session:
        page = _rendered(session, visitor, search)
    return make_response(page, 422 if search.errors else 200)


@console.get("/signals/new")
@require_role()
def new_signals(visitor: Visitor) -> Response:
    """The rows of this search written since the cursor, as a fragment that carries the next one; 204 when none."""
    since, now = request.args.get("cursor"), services().clock()
    search = read_search(request.args)
    with services().database.read() as session:
        changes = stream.changes(session, visitor.workspace_id, search, since=since, now=now)
    if not changes.rows:
        return Response(status=204, headers={"Signalbox-Cursor": changes.cursor})
    edits = visitor.role in EDITORS
    return make_response(render_template("changes.html", changes=changes, search=search, edits=edits))


@console.post("/signals/status")
@require_role(*EDITORS)
def set_status(visitor: Visitor) -> BaseResponse:
    """Gives every signal named by ``id`` the status in ``set``, and goes back to the same search."""
    ids = request.form.getlist("id")
    if not ids:
        raise InvalidFields([FieldError("id", "Choose at least one signal.")])
    changes = SignalChanges(status=chosen_status(request.form))
    with services().database.write() as session:
        changed = change_signals(session, actor(visitor), ids, changes)
    values = {**read_search(request.form).values, "changed": str(len(changed))}
    if before := request.form.get("before"):
        values["before"] = before
    return redirect(signals_url(values), 303)


def _rendered(session: Session, visitor: Visitor, search: Search) -> str:
    now = services().clock()
    page = stream.page(session, visitor.workspace_id, search, before=request.args.get("before"))
    return render_template(
        "signals.html",
        frame=frame_of(session, visitor),
        search=search,
        values=dict(search.values),
        page=page,
        before=request.args.get("before", ""),
        cursor=stream.first_cursor(now),
        views=saved_views(session, visitor.workspace_id, dict(search.values)),
        channels=channel_choices(session, visitor.workspace_id, page.rows, search.values.get("channel")),
        narrowed=set(search.values) - {"q", "sort"},
        sources=[(source, platform_name(source)) for source in SOURCES],
        statuses=[(status, humanized(status)) for status in STATUSES],
        severities=[(severity, humanized(severity)) for severity in SEVERITIES],
        htmx_config=HTMX_CONFIG,
        changed=request.args.get("changed", 0, type=int),
    )
