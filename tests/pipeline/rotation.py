"""Token rotation over real HTTP: a strict Slack, a row with its tokens, and who refreshes them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.clock import Clock
from db import Database, Integration, SlackApp, Workspace
from oauth.slack_tokens import SlackGrants
from pipeline.refresh import Refresh, Refresher
from pipeline.tokens.fresh_access import FreshAccess
from sandbox.app import create_sandbox
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from sandbox.slack import SlackApp as App
from sandbox.slack import SlackStandIn
from sandbox.slack_grants import TokenPair
from sandbox.slack_world import SlackTeam, SlackWorld

TEAM = SlackTeam(id="T0HOME", name="Home", domain="home")
OTHER = SlackTeam(id="T0OTHER", name="Other", domain="other")
CLIENT_ID, CLIENT_SECRET = "11.22", "client-secret"
CALL = "oauth.v2.access"


@dataclass
class Rotation:
    """One workspace connected to one team, and the parts that keep its token fresh. Nobody really waits."""

    database: Database
    clock: Clock
    slack: SlackStandIn
    api_url: str
    waited: list[float] = field(default_factory=list)
    on_wait: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        grants = SlackGrants(self.database, self.api_url, self.clock)
        database, clock = self.database, self.clock
        self.grants = grants
        self.refresher = Refresher(database=database, grants=grants, clock=clock, wait=self.wait)
        self.step = Refresh(database=database, refresher=self.refresher, clock=clock)
        self.access = FreshAccess(database=database, refresher=self.refresher, clock=clock, wait=self.wait)

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.on_wait()

    def row(self, integration_id: str) -> Integration:
        with self.database.read() as session:
            return session.get_one(Integration, integration_id)

    def tokens(self, integration_id: str) -> tuple[str | None, str | None]:
        with self.database.read() as session:
            row = session.get_one(Integration, integration_id)
            return row.access_token, row.refresh_token

    def change(self, integration_id: str, **values: object) -> None:
        with self.database.write() as session:
            row = session.get_one(Integration, integration_id)
            for name, value in values.items():
                setattr(row, name, value)

    def works(self, integration_id: str) -> bool:
        """Whether Slack accepts the token that callers get."""
        return bool(self.grants.is_alive(self.access.access(integration_id).token))


def install(slack: SlackStandIn, team: SlackTeam = TEAM) -> TokenPair:
    """The app's tokens in this team, as Add to Slack would get them."""
    uri = "https://signalbox.example.com/slack/oauth_redirect"
    code = slack.grants.approve(team, installer_id="U1", scopes=("a",), client_id=CLIENT_ID, redirect_uri=uri)
    return slack.grants.redeem(code, client_id=CLIENT_ID, redirect_uri=uri)[1]


def connected(
    database: Database, pair: TokenPair, now: datetime, *, lives: timedelta | None = None, team: SlackTeam = TEAM
) -> str:
    """A row with those tokens, whose access token ends after ``lives``; it was never put on any schedule."""
    with database.write() as session:
        app = session.query(SlackApp).first() or _app()
        workspace = Workspace(name=team.name, slug=team.id.lower())
        session.add_all([app, workspace])
        session.flush()
        row = Integration(
            workspace_id=workspace.id, platform="slack", name=team.name, slack_app_id=app.id, slack_team_id=team.id,
            access_token=pair.access, refresh_token=pair.refresh, installed_at=now, scopes=["a"],
            token_expires_at=now + lives if lives is not None else None,
        )  # fmt: skip
        session.add(row)
    return row.id


@contextmanager
def strict_slack(clock: Clock) -> Iterator[tuple[SlackStandIn, str]]:
    """A Slack whose refresh tokens work exactly once, and its API's address."""
    app = App(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, signing_secret="s", api_app_id="A1")
    slack = SlackStandIn(app, SlackWorld(teams=(TEAM, OTHER), users=(), channels=()), auto_approve=True, clock=clock)
    with SandboxServer(create_sandbox(slack, PylonStandIn("Home"))) as server:
        yield slack, server.slack_api_url


def _app() -> SlackApp:
    return SlackApp(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, signing_secret="s", api_app_id="A1")
