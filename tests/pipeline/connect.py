"""A Slack Connect channel over the stand-in's Web API: two tenants and a customer in it, a third tenant elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import select

import integrations
from core.taming import JsonObject
from db import Integration, Receipt, Signal, SlackApp, Workspace
from pipeline.acquaint import Acquaint
from pipeline.pauses import StoredPauses
from pipeline.receive import Stored
from pipeline.tokens.access import StoredAccess
from sandbox import slack_events
from sandbox.app import create_sandbox
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from sandbox.slack import SlackApp as AppInSlack
from sandbox.slack import SlackStandIn
from sandbox.slack_world import SlackChannel, SlackTeam, SlackUser, SlackWorld
from tests.pipeline.conftest import Line

ACME = SlackTeam(id="T0ACME", name="Acme", domain="acme")
UMBRELLA = SlackTeam(id="T0UMBRELLA", name="Umbrella", domain="umbrella")
GLOBEX = SlackTeam(id="T0GLOBEX", name="Globex", domain="globex")
INITECH = SlackTeam(id="T0INITECH", name="Initech", domain="initech")
ADA = SlackUser(id="U0ADA", team_id=ACME.id, name="Ada Acme", email="ada@acme.example", is_admin=True)
UMA = SlackUser(id="U0UMA", team_id=UMBRELLA.id, name="Uma Umbrella", is_admin=True)
GUS = SlackUser(id="U0GUS", team_id=GLOBEX.id, name="Gus Globex", email="gus@globex.example")
GIL = SlackUser(id="U0GIL", team_id=ACME.id, name="Gil Guest", is_guest=True)
INA = SlackUser(id="U0INA", team_id=INITECH.id, name="Ina Initech", is_admin=True)
SHARED = SlackChannel(id="C0CONNECT", name="globex-acme", team_ids=(ACME.id, UMBRELLA.id, GLOBEX.id))
ELSEWHERE = SlackChannel(id="C0OTHER", name="globex-initech", team_ids=(INITECH.id, GLOBEX.id))
WORLD = SlackWorld(
    teams=(ACME, UMBRELLA, GLOBEX, INITECH), users=(ADA, GIL, UMA, GUS, INA), channels=(SHARED, ELSEWHERE)
)
APP_TOKEN = "xapp-1-A1-secret"


@dataclass
class Connect:
    """The pipeline with a Slack to ask, and a workspace per tenant."""

    line: Line
    slack: SlackStandIn
    workspaces: dict[str, str]
    integrations: dict[str, str]
    acquaint: Acquaint

    def run(self) -> None:
        """Everything that is due, names included."""
        self.line.run()
        while self.acquaint.run().done:
            self.line.run()

    def say(self, author: SlackUser, text: str, *, to: SlackTeam = ACME, channel: SlackChannel = SHARED) -> Stored:
        """A message, whose event names the installation of one team."""
        ts = self.slack.next_ts()
        return self.hear(slack_events.message(channel, author, text, ts), to=to)

    def hear(self, event: JsonObject, *, to: SlackTeam = ACME, **outer: Any) -> Stored:
        payload = self.slack.event(event, team=to) | outer
        return self.line.store(
            "slack", str(event["type"]), payload,
            external_id=str(payload["event_id"]), slack_app_id=self.line.slack_app_id,
        )  # fmt: skip

    def reshape(self, *teams: SlackTeam, channel: SlackChannel = SHARED) -> None:
        self.slack.world = self.slack.world.shared_with(channel.id, *(team.id for team in teams))

    def told(self, team: SlackTeam) -> list[Signal]:
        with self.line.database.read() as session:
            mine = select(Signal).where(Signal.workspace_id == self.workspaces[team.id])
            return list(session.scalars(mine.order_by(Signal.occurred_at)))

    def words(self, team: SlackTeam) -> list[str]:
        return [signal.verbatim for signal in self.told(team)]

    def receipts(self, stored: Stored) -> dict[str, tuple[str, str | None]]:
        """By the team's id: outcome and reason."""
        teams = {workspace: team for team, workspace in self.workspaces.items()}
        with self.line.database.read() as session:
            rows = session.scalars(select(Receipt).where(Receipt.event_id == stored.event_id))
            return {teams[row.workspace_id]: (row.outcome, row.reason) for row in rows}

    def asked(self) -> int:
        return self.slack.calls("apps.event.authorizations.list")

    def change(self, team: SlackTeam, **values: Any) -> None:
        with self.line.database.write() as session:
            row = session.get_one(Integration, self.integrations[team.id])
            for name, value in values.items():
                setattr(row, name, value)


@pytest.fixture
def connect(line: Line) -> Iterator[Connect]:
    app = AppInSlack(
        client_id="1.2", client_secret="s", signing_secret="t", api_app_id="A1", app_token=APP_TOKEN, rotation=False
    )
    slack = SlackStandIn(app, WORLD, clock=line.clock)
    with SandboxServer(create_sandbox(slack, PylonStandIn("Acme", clock=line.clock))) as server:
        pauses = StoredPauses(line.database, line.clock)
        lookups = integrations.offers({"slack": server.slack_api_url}, pauses).lookups
        line.complete = replace(line.complete, lookups={"slack": lookups["slack"]})
        workspaces, connections = {}, {}
        for team in (ACME, UMBRELLA, INITECH):
            workspaces[team.id], connections[team.id] = _install(line, slack, team)
        with line.database.write() as session:
            session.get_one(SlackApp, line.slack_app_id).app_token = APP_TOKEN
        acquaint = Acquaint(
            database=line.database,
            lookups={"slack": lookups["slack"]},
            access=StoredAccess(line.database),
            clock=line.clock,
        )
        yield Connect(line, slack, workspaces, connections, acquaint)


def _install(line: Line, slack: SlackStandIn, team: SlackTeam) -> tuple[str, str]:
    code = slack.grants.approve(team, installer_id="U0ADMIN", scopes=(), client_id="1.2", redirect_uri="")
    installed, pair = slack.grants.redeem(code, client_id="1.2", redirect_uri="")
    with line.database.write() as session:
        workspace = Workspace(name=team.name, slug=team.domain)
        session.add(workspace)
        session.flush()
        row = Integration(
            workspace_id=workspace.id, platform="slack", name=team.name, slack_app_id=line.slack_app_id,
            slack_team_id=team.id, slack_bot_user_id=installed.bot_user_id, slack_bot_id=installed.bot_id,
            access_token=pair.access, installed_at=line.clock(),
        )  # fmt: skip
        session.add(row)
    return workspace.id, row.id
