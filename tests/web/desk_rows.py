"""A workspace as the desk sees it: a connected Slack team, its people, and another workspace that must stay unseen."""

from dataclasses import dataclass
from typing import Any

from core.adapter import AccountKey
from core.desk import Visitor
from db import Database, Event, Integration, Receipt, Signal, SlackApp, User, UserIdentity, Workspace, WorkspaceMember
from integrations.slack.asking import reaction_of
from integrations.slack.interaction import ISSUER
from tests.conftest import StillClock
from web.desk import StoredDesk

HOME = AccountKey(None, "T0HOME")
PUBLIC_URL = "https://box.example"


@dataclass
class Room:
    """Rows, and the desk over them."""

    database: Database
    clock: StillClock
    desk: StoredDesk
    workspace_id: str
    other_id: str
    app_id: str
    integration_id: str

    def visitor(self, user: str, account: AccountKey = HOME) -> Visitor:
        found = self.desk.visitor(self.app_id, account, ISSUER, f"T0HOME/{user}")
        assert found is not None
        return found

    def signal(self, text: str, ts: str, workspace_id: str = "", **more: Any) -> str:
        with self.database.write() as session:
            row = Signal(
                workspace_id=workspace_id or self.workspace_id, source="slack", source_ref=f"C1:{ts}",
                source_version=ts, verbatim=text, occurred_at=self.clock(), created_at=self.clock(), **more,
            )  # fmt: skip
            session.add(row)
            return row.id

    def event(self, subject: str, outcome: str | None, reason: str | None = None, **more: Any) -> str:
        """An event about a message, with the receipt of the workspace unless ``outcome`` is None."""
        with self.database.write() as session:
            row = Event(
                platform="slack", slack_app_id=self.app_id, type=more.get("kind", "message"), payload=b"{}",
                subject=subject, state=more.get("state", "processed"), received_at=self.clock(),
                repeats=more.get("repeats", 0),
            )  # fmt: skip
            session.add(row)
            session.flush()
            if outcome:
                to = more.get("to", self.workspace_id)
                session.add(
                    Receipt(
                        event_id=row.id,
                        workspace_id=to,
                        integration_id=self.integration_id,
                        outcome=outcome,
                        reason=reason,
                    )
                )
            return row.id


def furnish(database: Database, clock: StillClock) -> Room:
    """Alice administers, Vic only looks, and Nina is nobody here; Otto administers the other workspace."""
    with database.write() as session:
        ours, other = Workspace(name="Acme", slug="acme"), Workspace(name="Other", slug="other")
        app = SlackApp(client_id="1.2", client_secret="s", signing_secret="t", api_app_id="A1")
        session.add_all([ours, other, app])
        session.flush()
        slack = Integration(
            workspace_id=ours.id, platform="slack", name="Acme Slack", slack_app_id=app.id, slack_team_id="T0HOME",
            config={},
        )  # fmt: skip
        session.add(slack)
        for name, role, workspace in (("ALICE", "admin", ours), ("VIC", "viewer", ours), ("OTTO", "owner", other)):
            person = User(email=f"{name}@example.com")
            session.add(person)
            session.flush()
            session.add(UserIdentity(user_id=person.id, issuer=ISSUER, subject=f"T0HOME/U0{name}"))
            session.add(WorkspaceMember(workspace_id=workspace.id, user_id=person.id, role=role))
        session.flush()
        desk = StoredDesk(database, clock, PUBLIC_URL, reaction_of)
        return Room(database, clock, desk, ours.id, other.id, app.id, slack.id)
