"""A running Signalbox as its users meet it: processes of its own, reached over HTTP only."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx

from core.clock import utc_now
from core.digests import Digester
from core.sealing import Keyring, generate_key
from core.settings import load_settings
from db import Database
from oauth.bootstrap import bootstrap
from oauth.providers import WELL_KNOWN
from sandbox.app import create_sandbox
from sandbox.cast import assemble
from sandbox.oidc import OpenIdPerson, OpenIdStandIn
from sandbox.oidc_api import openid_blueprint
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from sandbox.signalbox import Signalbox
from sandbox.slack import SlackApp, SlackStandIn

T = TypeVar("T")

PATIENCE_SECONDS = 45.0
METRICS_TOKEN = "a token for figures"
PEOPLE = (
    OpenIdPerson("sub-dana", "Dana Reyes", "dana@acme.example"),
    OpenIdPerson("sub-eli", "Eli Stone", "eli@acme.example"),
)
"""Who has an account at the sign-in provider."""


@dataclass
class Tenant:
    """A workspace with its admin's token."""

    base_url: str
    workspace_id: str
    sign_in_url: str
    token: str

    @property
    def api(self) -> httpx.Client:
        """A client for its API."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=f"{self.base_url}/api/v1/", headers=headers, timeout=20)

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of a GET."""
        with self.api as api:
            return api.get(path, params=params).raise_for_status().json()

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The JSON of a POST."""
        with self.api as api:
            return api.post(path, json=body or {}).raise_for_status().json()

    def signals(self, **params: Any) -> list[dict[str, Any]]:
        """The newest signals."""
        items: list[dict[str, Any]] = self.get("signals", limit=200, **params)["items"]
        return items


@dataclass
class Site:
    """The server's processes, its database, and the Slack, Pylon and provider that it knows."""

    environ: dict[str, str]
    folder: Path
    slack: SlackStandIn
    pylon: PylonStandIn
    oidc: OpenIdStandIn
    base_url: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, *command: str, name: str = "run") -> subprocess.Popen[bytes]:
        """Starts ``signalbox <command>`` in its own session."""
        whole = [sys.executable, "-m", "app", *command]
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(whole, env=self.environ, stdout=log, stderr=log, start_new_session=True)
        self.processes[name] = process
        return process

    def kill(self, name: str) -> None:
        """kill -9 of the process and everything it started."""
        process = self.processes.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        """Ends all processes in order; whoever does not go is killed."""
        for process in self.processes.values():
            process.terminate()
        for name, process in list(self.processes.items()):
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(15)
            self.kill(name)

    def wait_until_ready(self) -> None:
        """Until ``/readyz`` says so."""
        eventually(lambda: _is_ready(self.base_url))

    def run(self, *command: str) -> subprocess.CompletedProcess[bytes]:
        """One command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "app", *command], env=self.environ, capture_output=True, check=False
        )

    @contextlib.contextmanager
    def database(self) -> Iterator[Database]:
        """The site's own, as an operator could open it."""
        settings = load_settings(self.environ)
        database = Database(settings.database_url, Keyring(settings.encryption_keys))
        yield database
        database.dispose()

    def tenant(self, name: str = "Acme", email: str = "") -> Tenant:
        """A new workspace, made while the server runs: what the command does, without starting it."""
        email = email or f"{os.urandom(4).hex()}@example.com"
        digester = Digester(self.environ["SIGNALBOX_SECRET_KEY"])
        with self.database() as database:
            made = bootstrap(database, digester, name=name, email=email, now=utc_now(), public_url=self.base_url)
        return Tenant(self.base_url, made.workspace_id, made.sign_in_url, made.api_token)

    def add_to_slack(self, tenant: Tenant) -> None:
        """The whole dance, into the world's first team."""
        self.slack.send_events_to(f"{self.base_url}/slack/events")
        Signalbox(self.base_url, tenant.token).add_to_slack(self.slack.world.teams[0].id)

    def renew_pylon(self) -> None:
        """Pylon is now of another organisation: one is connected to one workspace only."""
        self.pylon.organisation = {"id": str(uuid.uuid4()), "name": "Tidewater"}

    def logs(self) -> str:
        """Everything the processes wrote."""
        return "".join(path.read_text(errors="replace") for path in self.folder.glob("*.log"))


@contextlib.contextmanager
def open_site(database_url: str, folder: Path) -> Iterator[Site]:
    """A site that nobody started yet, beside its Slack, its Pylon and its sign-in provider; nothing is left running."""
    app = SlackApp(
        client_id="11.22",
        client_secret="cs",
        signing_secret="a signing secret",
        api_app_id="A0BOX",
        app_token="xapp-1-of-the-site",
    )
    slack = SlackStandIn(app, assemble().world, auto_approve=True)
    pylon = PylonStandIn("Tidewater")
    oidc = OpenIdStandIn(lambda: PEOPLE, client_id="client-1", client_secret="secret-1")
    stand_ins = create_sandbox(slack, pylon)
    stand_ins.register_blueprint(openid_blueprint(oidc, "oidc"))
    with SandboxServer(stand_ins) as server:
        environ = environment(database_url, folder, server, slack, oidc)
        site = Site(environ, folder, slack, pylon, oidc, f"http://{environ['SIGNALBOX_BIND']}")
        try:
            yield site
        finally:
            site.stop()


def environment(
    database_url: str, folder: Path, sandbox: SandboxServer, slack: SlackStandIn, oidc: OpenIdStandIn
) -> dict[str, str]:
    """The settings of a server whose Slack, Pylon and sign-in provider are the stand-ins."""
    settings = {
        "DATABASE_URL": database_url,
        "BIND": f"127.0.0.1:{free_port()}",
        "SECRET_KEY": "a secret key for journeys",
        "ENCRYPTION_KEYS": generate_key(),
        "SLACK_CLIENT_ID": slack.app.client_id,
        "SLACK_CLIENT_SECRET": slack.app.client_secret,
        "SLACK_SIGNING_SECRET": slack.app.signing_secret,
        "SLACK_APP_ID": slack.app.api_app_id,
        "SLACK_APP_TOKEN": slack.app.app_token,
        "SLACK_API_URL": sandbox.slack_api_url,
        "SLACK_AUTHORIZE_URL": sandbox.slack_authorize_url,
        "SLACK_OPENID_URL": f"{sandbox.url}/slack",
        "OIDC_DISCOVERY_URL": f"{sandbox.url}{oidc.prefix}{WELL_KNOWN}",
        "OIDC_CLIENT_ID": oidc.client_id,
        "OIDC_CLIENT_SECRET": "secret-1",
        "PYLON_API_URL": sandbox.pylon_api_url,
        "LOG_FORMAT": "json",
        "METRICS_TOKEN": METRICS_TOKEN,
    }
    settings["PUBLIC_URL"] = f"http://{settings['BIND']}"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SIGNALBOX_")}
    return {**inherited, **{f"SIGNALBOX_{name}": value for name, value in settings.items()}, "HOME": str(folder)}


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def eventually(look: Callable[[], T], *, patience: float = PATIENCE_SECONDS) -> T:
    """The first truthy answer. Other processes work in their own time, so this one looks again until it has to fail:
    ever less often, since looking takes their time.
    """
    deadline, pause = time.monotonic() + patience, 0.02
    while not (answer := look()):
        assert time.monotonic() < deadline, f"not within {patience} s: {look}"
        time.sleep(pause)
        pause = min(pause * 1.4, 0.3)
    return answer


def _is_ready(base_url: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"{base_url}/readyz", timeout=5).status_code == 200
    return False
