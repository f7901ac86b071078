"""A past to read: a Slack over HTTP with the app installed in it, and its connection in the rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from core.taming import JsonObject
from db import Import, Integration
from integrations.slack.client import SlackClient
from integrations.slack.history import SlackHistorian
from pipeline.backfill import Backfill
from pipeline.pauses import StoredPauses
from pipeline.tokens.access import StoredAccess
from sandbox import slack_events
from sandbox.app import create_sandbox
from sandbox.cast import Cast, assemble
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from sandbox.slack import SlackApp, SlackStandIn
from sandbox.slack_world import SlackChannel, SlackUser
from tests.conftest import StillClock
from tests.pipeline.conftest import Line

REDIRECT_URI = "http://127.0.0.1:9/slack/oauth_redirect"
CHANNEL = "kestrel-tidewater"
"""A channel that is shared with a customer."""


@dataclass
class Past:
    """The Slack, the step that reads it, and short ways to say and to read things."""

    line: Line
    slack: SlackStandIn
    cast: Cast
    server: SandboxServer
    backfill: Backfill

    @property
    def clock(self) -> StillClock:
        return self.line.clock

    @property
    def channel(self) -> SlackChannel:
        return self.cast.channels[CHANNEL]

    def customer(self) -> SlackUser:
        other = next(team for team in self.channel.team_ids if team != self.cast.home.id)
        return next(user for user in self.cast.world.users if user.team_id == other)

    def say(
        self, text: str, at: datetime, *, thread_ts: str | None = None, author: SlackUser | None = None
    ) -> JsonObject:
        """Somebody writes, and no event of it reaches us."""
        ts = f"{at.timestamp():.6f}"
        event = slack_events.message(self.channel, author or self.customer(), text, ts, thread_ts=thread_ts)
        self.slack.history.take(event)
        return event

    def order(self, **fields: Any) -> Import:
        """An import of the channel's last 30 days, due now."""
        now = self.clock()
        values = {"channel_id": self.channel.id, "since": now - timedelta(days=30), "until": now, "due_at": now}
        row = Import(
            workspace_id=self.line.workspace_id, integration_id=self.line.slack_integration_id, **values | fields
        )
        with self.line.database.write() as session:
            session.add(row)
        return row

    def row(self, row: Import) -> Import:
        with self.line.database.read() as session:
            return session.get_one(Import, row.id)

    def finish(self, row: Import, *, most: int = 500) -> Import:
        """Runs the step, time passing as it asks for, until the import rests."""
        for _ in range(most):
            now = self.row(row)
            if now.due_at is None:
                return now
            self.clock.now = max(self.clock.now, now.due_at)
            self.backfill.run()
        raise AssertionError("the import does not come to an end")


def make_past(line: Line, slack: SlackStandIn, cast: Cast, server: SandboxServer) -> Past:
    """Installs the app in the home team and gives its token to the line's Slack connection."""
    with httpx.Client() as http:
        asked = {
            "client_id": slack.app.client_id,
            "scope": "channels:history",
            "redirect_uri": REDIRECT_URI,
            "state": "s",
        }
        code = httpx.URL(http.get(server.slack_authorize_url, params=asked).headers["location"]).params["code"]
        sent = {"code": code, "redirect_uri": REDIRECT_URI, "client_id": slack.app.client_id}
        answer = http.post(
            f"{server.slack_api_url}oauth.v2.access", data=sent | {"client_secret": slack.app.client_secret}
        )
    with line.database.write() as session:
        row = session.get_one(Integration, line.slack_integration_id)
        row.access_token, row.slack_team_id = answer.json()["access_token"], cast.home.id
    return Past(line, slack, cast, server, make_backfill(line, server))


def make_backfill(line: Line, server: SandboxServer) -> Backfill:
    pauses = StoredPauses(line.database, line.clock)
    historian = SlackHistorian(SlackClient(server.slack_api_url, pauses))
    return Backfill(
        database=line.database, historians={"slack": historian}, access=StoredAccess(line.database), clock=line.clock
    )


@pytest.fixture
def past(line: Line) -> Iterator[Past]:
    cast = assemble()
    app = SlackApp(client_id="1.2", client_secret="s", signing_secret="t", api_app_id="A1", rotation=False)
    slack = SlackStandIn(app, cast.world, auto_approve=True, clock=line.clock)
    with SandboxServer(create_sandbox(slack, PylonStandIn("Tidewater", clock=line.clock))) as server:
        yield make_past(line, slack, cast, server)
