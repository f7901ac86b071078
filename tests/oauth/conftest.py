"""A workspace with its people, a Slack to be added to, and a browser that walks there and back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from sqlalchemy import select

from core.digests import Digester
from core.settings import Settings
from db import Database, Integration, OAuthState, User, Workspace, WorkspaceMember
from oauth.installer import Answer, Installer, Visit
from oauth.slack_apps import upsert_shared_app
from sandbox.app import create_sandbox
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from sandbox.slack import SlackApp, SlackStandIn
from sandbox.slack_world import SlackTeam, SlackUser, SlackWorld
from tests.conftest import StillClock

SCOPES = ("channels:history", "groups:history")
PUBLIC_URL = "https://signalbox.example.com"
TEAM = SlackTeam(id="T0HOME", name='Tide & "water"', domain="tidewater")
GRID_TEAM = SlackTeam(id="T0GRID", name="Grid", domain="grid", enterprise_id="E0GRID", enterprise_name="Grid Inc.")


@dataclass(frozen=True)
class Tenant:
    """A workspace and its people by their roles."""

    workspace_id: str
    owner: str
    admin: str
    member: str


@dataclass
class Browser:
    """Keeps cookies as a browser would, and goes where it is sent."""

    installer: Installer
    cookies: dict[str, str] = field(default_factory=dict)

    def start(self, tenant: Tenant, *, user_id: str | None = None, app: str | None = None) -> Answer:
        user = user_id or tenant.owner
        return self._seen(
            self.installer.start(self._visit({}), user_id=user, workspace_id=tenant.workspace_id, slack_app_id=app)
        )

    def open(self, link: str) -> Answer:
        return self._seen(self.installer.start_with_ticket(self._visit({}), query_of(link)["ticket"]))

    def allow(self, started: Answer) -> str:
        """Goes to Slack's consent page, which approves at once; where Slack sends the browser."""
        assert started.status == 302, started.body
        back = httpx.get(header(started, "location"))
        assert back.status_code == 302, back.text
        return str(back.headers["location"])

    def come_back(self, url: str) -> Answer:
        return self._seen(self.installer.finish(self._visit(query_of(url))))

    def add_to_slack(self, tenant: Tenant, **options: str) -> Answer:
        return self.come_back(self.allow(self.start(tenant, **options)))

    def _visit(self, query: dict[str, str]) -> Visit:
        return Visit(query, "; ".join(f"{name}={value}" for name, value in self.cookies.items()))

    def _seen(self, answer: Answer) -> Answer:
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                cookie, _, content = value.split(";")[0].partition("=")
                self.cookies[cookie] = content
        return answer


def query_of(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def header(answer: Answer, name: str) -> str:
    return next(value for key, value in answer.headers if key.lower() == name)


def reason(answer: Answer) -> str:
    """The reason that a failure page names."""
    return answer.body.split("Reason: <code>")[1].split("</code>")[0]


@pytest.fixture
def slack(clock: StillClock) -> SlackStandIn:
    app = SlackApp(client_id="11.22", client_secret="client-secret", signing_secret="s1", api_app_id="A0APP")
    person = SlackUser(id="U0ADMIN", team_id=TEAM.id, name="Jo Ann", is_admin=True)
    world = SlackWorld(teams=(TEAM, GRID_TEAM), users=(person,), channels=())
    return SlackStandIn(app, world, auto_approve=True, clock=clock)


@pytest.fixture
def server(slack: SlackStandIn) -> Iterator[SandboxServer]:
    with SandboxServer(create_sandbox(slack, PylonStandIn("Pylon"))) as running:
        yield running


@pytest.fixture
def settings(server: SandboxServer) -> Settings:
    return Settings(
        public_url=PUBLIC_URL,
        slack_client_id="11.22",
        slack_client_secret="client-secret",
        slack_signing_secret=("s1", "s0"),
        slack_api_url=server.slack_api_url,
        slack_authorize_url=server.slack_authorize_url,
    )


@pytest.fixture
def make_installer(
    settings: Settings, database: Database, digester: Digester, clock: StillClock
) -> Callable[..., Installer]:
    def make(**changes: str) -> Installer:
        upsert_shared_app(database, replace(settings, **changes), clock())  # type: ignore[arg-type]
        return Installer(
            settings=replace(settings, **changes),  # type: ignore[arg-type]
            database=database,
            digester=digester,
            clock=clock,
            bot_scopes=SCOPES,
        )

    return make


@pytest.fixture
def installer(make_installer: Callable[..., Installer]) -> Installer:
    return make_installer()


@pytest.fixture
def browser(installer: Installer) -> Browser:
    return Browser(installer)


@pytest.fixture
def make_tenant(database: Database) -> Callable[[str], Tenant]:
    def make(name: str) -> Tenant:
        with database.write() as session:
            workspace = Workspace(name=name, slug=name)
            people = {role: User(email=f"{role}@{name}.example") for role in ("owner", "admin", "member")}
            session.add_all([workspace, *people.values()])
            session.flush()
            for role, user in people.items():
                session.add(WorkspaceMember(workspace_id=workspace.id, user_id=user.id, role=role))
            ids = {role: user.id for role, user in people.items()}
            return Tenant(workspace.id, **ids)

    return make


@pytest.fixture
def acme(make_tenant: Callable[[str], Tenant]) -> Tenant:
    return make_tenant("acme")


@dataclass(frozen=True)
class Connection:
    """An integration's row with its secrets opened."""

    row: Integration
    access_token: str | None
    refresh_token: str | None
    webhook_secret: str | None


@pytest.fixture
def connections(database: Database) -> Callable[[], list[Connection]]:
    def read() -> list[Connection]:
        with database.read() as session:
            rows = session.scalars(select(Integration).order_by(Integration.id)).all()
            return [Connection(row, row.access_token, row.refresh_token, row.webhook_secret) for row in rows]

    return read


@pytest.fixture
def state_rows(database: Database) -> Callable[[str], list[OAuthState]]:
    def read(kind: str) -> list[OAuthState]:
        with database.read() as session:
            return list(session.scalars(select(OAuthState).where(OAuthState.kind == kind).order_by(OAuthState.id)))

    return read
