"""What happens to a Slack token that many need at the moment it ends: here, and with Bolt's own rotation.

Slack is the stand-in at its strictest, where a refresh token works exactly once. Every caller of every process wants a
token at the same moment; afterwards the installation must still be alive, and able to refresh again.
"""

import argparse
import contextlib
import logging
import multiprocessing
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from multiprocessing.synchronize import Barrier
from pathlib import Path

from rich.console import Console
from rich.table import Table
from slack_bolt.authorization.authorize import InstallationStoreAuthorize
from slack_bolt.context.context import BoltContext
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.sqlite3 import SQLite3InstallationStore
from slack_sdk.web import WebClient

from bench.databases import KINDS, migrated
from core.clock import utc_now
from core.errors import StepFailed
from core.logs import configure_logs
from core.sealing import Keyring
from core.slack_logs import slack_logger
from db import Database, Integration, SlackApp, Workspace
from oauth.slack_tokens import SlackGrants
from pipeline.refresh import Refresher
from pipeline.tokens.fresh_access import FreshAccess
from sandbox.app import create_sandbox
from sandbox.errors import SlackRefusal
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from sandbox.slack import SlackApp as App
from sandbox.slack import SlackStandIn
from sandbox.slack_grants import TokenPair
from sandbox.slack_world import SlackTeam, SlackWorld

TEAM = SlackTeam(id="T0HOME", name="Home", domain="home")
CLIENT_ID, CLIENT_SECRET = "11.22", "client-secret"
PATIENCE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Race:
    """How many call at once, of which Slack."""

    processes: int = 4
    callers: int = 50
    grace: timedelta = timedelta()
    """For how long Slack takes a used refresh token once more."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many refreshes reached Slack and how many of them it refused, how many callers got a token that works, and
    whether the tokens that are stored in the end work and can be refreshed once more.
    """

    calls: int
    refused: int
    served: int
    survives: bool


def main(arguments: Sequence[str]) -> None:
    """``python -m bench rotation [--processes N] [--callers N]``."""
    parser = argparse.ArgumentParser(prog="python -m bench rotation", description=__doc__)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--callers", type=int, default=50)
    asked = parser.parse_args(arguments)
    table = Table("Slack", "rotation", "refresh calls", "refused", "callers served", "stored tokens live")
    for name, grace in (("strict", timedelta()), ("one minute of grace", timedelta(minutes=1))):
        race = Race(asked.processes, asked.callers, grace)
        for kind in KINDS:
            with migrated(kind) as database:
                outcome = run_signalbox(database, bytes(32), race)
            table.add_row(name, f"Signalbox on {kind}", *_shown(outcome, race))
        table.add_row(name, "Bolt and SQLite3InstallationStore", *_shown(run_bolt(race), race))
    Console().print(table)


def _shown(outcome: Outcome, race: Race) -> tuple[str, ...]:
    served = f"{outcome.served} of {race.processes * race.callers}"
    return str(outcome.calls), str(outcome.refused), served, "yes" if outcome.survives else "no"


def run_signalbox(database: Database, key: bytes, race: Race) -> Outcome:
    """The race through our rows in this database, whose values are sealed with this key."""
    with _slack(race) as (slack, api_url):
        row_id = _connect(database, _install(slack))
        tokens = _run(_call_signalbox, race, database.url, key, api_url, row_id)
        with database.read() as session:
            row = session.get_one(Integration, row_id)
            return _outcome(slack, tokens, row.access_token, row.refresh_token)


def run_bolt(race: Race) -> Outcome:
    """The race through Bolt's authorization with slack_sdk's rotator and one of its stores."""
    with _slack(race) as (slack, api_url), tempfile.TemporaryDirectory(prefix="sbxbench") as folder:
        path = str(Path(folder) / "installations.db")
        store, pair = _store(path), _install(slack)
        store.save(
            Installation(
                app_id="A1", team_id=TEAM.id, user_id="U1", bot_token=pair.access, bot_refresh_token=pair.refresh,
                bot_id="B1", bot_user_id="U0BOT", bot_scopes=["a"],
                bot_token_expires_at=int(utc_now().timestamp()) + 30,
            )
        )  # fmt: skip
        tokens = _run(_call_bolt, race, path, api_url)
        kept = store.find_installation(enterprise_id=None, team_id=TEAM.id)
        pair = TokenPair(kept.bot_token or "", kept.bot_refresh_token) if kept else pair
        return _outcome(slack, tokens, pair.access, pair.refresh)


@contextlib.contextmanager
def _slack(race: Race) -> Iterator[tuple[SlackStandIn, str]]:
    """A Slack, and the address of its API."""
    app = App(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, signing_secret="s", api_app_id="A1")
    slack = SlackStandIn(app, SlackWorld(teams=(TEAM,), users=(), channels=()), auto_approve=True)
    slack.grants.grace = race.grace
    with SandboxServer(create_sandbox(slack, PylonStandIn("Home"))) as server:
        yield slack, server.slack_api_url


def _outcome(slack: SlackStandIn, tokens: list[str], access: str | None, refresh: str | None) -> Outcome:
    calls = slack.calls("oauth.v2.access")
    refused = calls - slack.grants.refreshes
    served = sum(map(partial(_is_alive, slack), tokens))
    survives = _is_alive(slack, access)
    try:
        slack.grants.refresh(refresh or "")
    except SlackRefusal:
        survives = False
    return Outcome(calls, refused, served, survives)


def _is_alive(slack: SlackStandIn, token: str | None) -> bool:
    try:
        return bool(slack.grants.bearer(token or ""))
    except SlackRefusal:
        return False


def _call_signalbox(callers: int, url: str, key: bytes, api_url: str, row_id: str) -> list[str]:
    database = Database(url, Keyring([key]))
    refresher = Refresher(database=database, grants=SlackGrants(database, api_url, utc_now), clock=utc_now)
    access = FreshAccess(database=database, refresher=refresher, clock=utc_now)

    def call() -> str:
        try:
            return access.access(row_id).token
        except StepFailed:
            return ""

    tokens = _together(callers, call)
    database.dispose()
    return tokens


def _call_bolt(callers: int, path: str, api_url: str) -> list[str]:
    client = WebClient(base_url=api_url, logger=slack_logger())
    authorize = InstallationStoreAuthorize(
        logger=slack_logger(), client_id=CLIENT_ID, client_secret=CLIENT_SECRET, installation_store=_store(path),
        client=client,
    )  # fmt: skip

    def call() -> str:
        context = BoltContext({"client": client, "logger": slack_logger()})
        try:
            found = authorize(context=context, enterprise_id=None, team_id=TEAM.id, user_id="U2")
        except Exception:  # noqa: BLE001  # whatever it is, this request was not authorized
            return ""
        return (found.bot_token or "") if found else ""

    return _together(callers, call)


def _together(callers: int, call: Callable[[], str]) -> list[str]:
    """What each caller got; all of all processes begin at the same moment."""
    with ThreadPoolExecutor(callers) as threads:
        _start["line"].wait(PATIENCE_SECONDS)
        return [made.result() for made in [threads.submit(call) for _ in range(callers)]]


_start: dict[str, Barrier] = {}


def _line_up(barrier: Barrier) -> None:
    logging.disable()
    configure_logs("ERROR")
    _start["line"] = barrier


def _run(work: Callable[..., list[str]], race: Race, *arguments: object) -> list[str]:
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(race.processes)
    with ProcessPoolExecutor(race.processes, spawn, _line_up, (barrier,)) as pool:
        begun = [pool.submit(work, race.callers, *arguments) for _ in range(race.processes)]
        return [token for each in begun for token in each.result(PATIENCE_SECONDS)]


def _install(slack: SlackStandIn) -> TokenPair:
    uri = "https://signalbox.example.com/slack/oauth_redirect"
    code = slack.grants.approve(TEAM, installer_id="U1", scopes=("a",), client_id=CLIENT_ID, redirect_uri=uri)
    return slack.grants.redeem(code, client_id=CLIENT_ID, redirect_uri=uri)[1]


def _connect(database: Database, pair: TokenPair) -> str:
    with database.write() as session:
        app = SlackApp(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, signing_secret="s", api_app_id="A1")
        workspace = Workspace(name="Race", slug="race")
        session.add_all([app, workspace])
        session.flush()
        row = Integration(
            workspace_id=workspace.id, platform="slack", name="Slack", slack_app_id=app.id, slack_team_id=TEAM.id,
            access_token=pair.access, refresh_token=pair.refresh, token_expires_at=utc_now() + timedelta(seconds=30),
        )  # fmt: skip
        session.add(row)
    return row.id


def _store(path: str) -> SQLite3InstallationStore:
    store = SQLite3InstallationStore(database=path, client_id=CLIENT_ID, logger=slack_logger())
    store.init()  # type: ignore[no-untyped-call]
    return store
