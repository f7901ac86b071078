"""The console's first pages: the stream of signals with its connections, and one signal."""

from dataclasses import dataclass

from flask import Blueprint, Response, make_response, render_template, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import NotFound, SignalboxError
from core.taming import clean
from db import Event, Integration, Receipt, User, WebhookKey, Workspace
from web.console import stream
from web.console.assets import keep
from web.console.problems import refused
from web.console.rows import (
    Connection,
    ReceiptRow,
    integration_connection,
    receipt_row,
    signal_detail,
    webhook_key_connection,
)
from web.services import services
from web.session import Visitor, require_role

console = Blueprint("console", __name__, template_folder="templates", static_folder="static", static_url_path="/assets")
console.after_request(keep)
console.register_error_handler(SignalboxError, refused)


@dataclass(frozen=True, slots=True)
class Frame:
    """What every page of a signed-in person shows around its content."""

    workspace_name: str
    person: str


@console.get("/")
@require_role()
def home(visitor: Visitor) -> str:
    """The workspace's connections and its signals, newest first; ``before`` is the cursor of an older page."""
    cursor = stream.first_cursor(services().clock())
    with services().database.read() as session:
        return render_template(
            "home.html",
            frame=_frame(session, visitor),
            visitor=visitor,
            connections=_connections(session, visitor.workspace_id),
            page=stream.page(session, visitor.workspace_id, before=request.args.get("before")),
            cursor=cursor,
        )


@console.get("/signals/new")
@require_role()
def new_signals(visitor: Visitor) -> Response:
    """The rows written since the cursor, as a fragment that carries the next one; 204 when there are none."""
    since, now = request.args.get("since"), services().clock()
    with services().database.read() as session:
        changes = stream.changes(session, visitor.workspace_id, since=since, now=now)
    if not changes.rows:
        return Response(status=204)
    return make_response(render_template("changes.html", changes=changes))


@console.get("/signals/<signal_id>")
@require_role()
def signal(visitor: Visitor, signal_id: str) -> str:
    """One signal with all its words, and why it was captured."""
    with services().database.read() as session:
        found = stream.one(session, visitor.workspace_id, clean(signal_id))
        if found is None:
            raise NotFound("signal")
        return render_template(
            "signal.html",
            frame=_frame(session, visitor),
            detail=signal_detail(found),
            receipts=_receipts(session, visitor.workspace_id, found.id),
        )


def _frame(session: Session, visitor: Visitor) -> Frame:
    workspace = session.get_one(Workspace, visitor.workspace_id)
    user = session.get_one(User, visitor.user_id)
    return Frame(workspace.name, user.name or user.email)


def _connections(session: Session, workspace_id: str) -> list[Connection]:
    """What listens first, and what does not after it, each as it was made."""
    integrations = select(Integration).where(Integration.workspace_id == workspace_id).order_by(Integration.id)
    keys = select(WebhookKey).where(WebhookKey.workspace_id == workspace_id).order_by(WebhookKey.id)
    connections = [integration_connection(each) for each in session.scalars(integrations)]
    connections += [webhook_key_connection(each) for each in session.scalars(keys)]
    return sorted(connections, key=lambda connection: connection.lamp == "off")


def _receipts(session: Session, workspace_id: str, signal_id: str) -> list[ReceiptRow]:
    query = select(Receipt, Event).join(Event, Receipt.event_id == Event.id)
    query = query.where(Receipt.workspace_id == workspace_id, Receipt.signal_id == signal_id)
    rows = session.execute(query.order_by(Event.received_at, Event.id))
    return [receipt_row(receipt, event) for receipt, event in rows]
