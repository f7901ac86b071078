"""What ``signalbox doctor`` finds about the Slack apps that are stored: the server's shared one and workspaces' own."""

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from db import Database, Integration, SlackApp
from web.findings import Finding

MOST = 50
"""More apps than these are told by their number."""

_UNPROVED = (
    "no request has proved its signing secret yet, and no socket was opened: in Slack, under Event Subscriptions, "
    "press Retry beside the request URL, or run with --socket-mode"
)


def stored_slack_apps(database: Database) -> Iterator[Finding]:
    """One finding for each; nothing where the schema is not up to date, which has a finding of its own.

    No secret is opened here: whether all of them can be is the keyring's finding.
    """
    connections = select(func.count()).where(Integration.slack_app_id == SlackApp.id, Integration.state == "active")
    identity = (SlackApp.id, SlackApp.workspace_id, SlackApp.client_id)
    moments = (SlackApp.signature_verified_at, SlackApp.socket_opened_at, SlackApp.rate_limited_at)
    query = select(*identity, *moments, connections.correlate(SlackApp).scalar_subquery())
    try:
        with database.read() as session:
            rows = session.execute(query.order_by(SlackApp.id).limit(MOST + 1)).all()
    except SQLAlchemyError:
        return
    for app_id, workspace_id, client_id, verified_at, opened_at, limited_at, count in rows[:MOST]:
        whose = "shared by the server" if workspace_id is None else f"of {workspace_id}"
        told = f"{app_id}, {whose}, {count} active connection{'' if count == 1 else 's'}"
        if limited_at is not None:
            told += f"; Slack last held events of it back at {limited_at:%Y-%m-%d %H:%M} UTC"
        if not client_id:
            yield Finding(f"slack app {app_id}", "note", f"{told}: begun, and waits for its credentials")
        elif verified_at is None and opened_at is None:
            yield Finding(f"slack app {app_id}", "problem" if count else "note", f"{told}: {_UNPROVED}")
        else:
            yield Finding(f"slack app {app_id}", "ok", told)
    if len(rows) > MOST:
        yield Finding("slack apps", "note", f"there are more than {MOST}; the others were not looked at")
