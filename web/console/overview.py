"""The first page: whether everything is heard, how much was said, and what to do first."""

from flask import render_template

from web.actions.backlog import backlog
from web.console import stream
from web.console.blueprint import console
from web.console.connections import connections
from web.console.daily import daily
from web.console.frame import frame_of
from web.console.search import read_search
from web.console.steps import first_steps
from web.services import services
from web.session import Visitor, require_role

NEWEST = 5


@console.get("/")
@require_role()
def home(visitor: Visitor) -> str:
    """The workspace at a glance; until its first signal, the way there."""
    now = services().clock()
    with services().database.read() as session:
        page = stream.page(session, visitor.workspace_id, read_search({}))
        made = connections(session, visitor.workspace_id, now)
        waits = backlog(session, visitor.workspace_id, now)
        told = {"daily": daily(session, visitor.workspace_id, now)} if page.rows else {"steps": first_steps(made)}
        frame = frame_of(session, visitor)
    troubled = [connection for connection in made if connection.lamp == "attention"]
    rows = page.rows[:NEWEST]
    return render_template(
        "home.html", frame=frame, connections=made, troubled=troubled, backlog=waits, rows=rows, **told
    )
