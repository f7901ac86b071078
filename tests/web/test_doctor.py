"""What the doctor finds, on a healthy installation and on sick ones."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from core.clock import utc_now
from core.sealing import Keyring
from core.settings import Settings
from db import Database, Integration, SlackApp, Workspace
from db.migrate import downgrade
from sandbox.app import create_sandbox
from sandbox.cast import assemble
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from sandbox.slack import SlackApp as AppOfSlack
from sandbox.slack import SlackStandIn
from tests.conftest import KEYRING
from web.doctor import examine
from web.findings import Finding


def found(database: Database, **changes: object) -> dict[str, Finding]:
    settings = Settings(**{"database_url": database.url, "public_url": "https://box.example.com", **changes})  # type: ignore[arg-type]
    return {finding.subject: finding for finding in examine(settings, database, utc_now)}


def verdicts(findings: dict[str, Finding]) -> dict[str, str]:
    return {subject: finding.verdict for subject, finding in findings.items() if finding.verdict != "ok"}


@contextmanager
def slack() -> Iterator[SandboxServer]:
    app = AppOfSlack(client_id="11.22", client_secret="cs", signing_secret="ss", api_app_id="A0BOX")
    stand_in = SlackStandIn(app, assemble().world, auto_approve=True)
    with SandboxServer(create_sandbox(stand_in, PylonStandIn("P"))) as server:
        yield server


def test_a_healthy_installation_has_no_problems(database: Database) -> None:
    with slack() as server:
        credentials = {"slack_client_id": "1.2", "slack_client_secret": "c", "slack_signing_secret": ("s",)}
        healthy = found(database, slack_api_url=server.slack_api_url, **credentials)
    assert verdicts(healthy) == {}
    assert set(healthy) == {
        "settings", "public url", "disk", "slack app", "slack's clock", "database", "migrations", "database's clock",
        "keyring",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("url", "verdict"),
    [("http://127.0.0.1:3000", "note"), ("http://localhost", "note"), ("http://box.example.com", "problem")],
)
def test_an_address_without_tls(database: Database, url: str, verdict: str) -> None:
    assert found(database, public_url=url)["public url"].verdict == verdict


def test_an_incomplete_slack_app_names_the_settings(database: Database) -> None:
    assert found(database)["slack app"].verdict == "note"
    incomplete = found(database, slack_client_id="1.2", slack_api_url="http://127.0.0.1:1/")
    assert incomplete["slack app"].verdict == "problem"
    assert "SIGNALBOX_SLACK_CLIENT_SECRET and SIGNALBOX_SLACK_SIGNING_SECRET" in incomplete["slack app"].sentence
    assert incomplete["slack's clock"].verdict == "note"


def test_a_clock_that_is_wrong(database: Database) -> None:
    with slack() as server:
        settings = Settings(database_url=database.url, slack_client_id="1.2", slack_api_url=server.slack_api_url)
        late = {f.subject: f for f in examine(settings, database, lambda: utc_now() + timedelta(minutes=4))}
    assert re.search(r"24[01] s ahead", late["slack's clock"].sentence)
    assert late["slack's clock"].verdict == "problem"
    assert (late["database's clock"].verdict == "problem") == database.is_postgresql


def test_a_full_disk(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_000_000))
    assert found(database)["disk"].verdict == "problem"


def test_missing_migrations(database: Database) -> None:
    downgrade(database, "0002")
    sick = found(database)
    assert sick["migrations"].verdict == "problem"
    assert "signalbox db upgrade" in sick["migrations"].sentence
    assert sick["keyring"].verdict == "problem"


def test_a_database_that_is_away(tmp_path: object) -> None:
    away = Database("postgresql+psycopg://nobody:secret@127.0.0.1:1/none", KEYRING)
    sick = found(away)
    away.dispose()
    assert sick["database"].verdict == "problem"
    assert "secret" not in sick["database"].sentence
    assert "migrations" not in sick


def test_keys_that_are_missing_or_old(database: Database, database_url: str) -> None:
    with database.write() as session:
        session.add(SlackApp(client_id="1.2", client_secret="client", signing_secret="signing"))
    assert found(database)["keyring"].sentence == "opens 2 samples"
    for keys, verdict, words in (
        ([bytes(32), bytes(range(32))], "note", "rotate-keys"),
        ([bytes(32)], "problem", "SIGNALBOX_ENCRYPTION_KEYS lacks"),
    ):
        other = Database(database_url, Keyring(keys))
        keyring = found(other)["keyring"]
        other.dispose()
        assert (keyring.verdict, words in keyring.sentence) == (verdict, True), keyring
    with database.engine.begin() as raw:
        raw.execute(text("UPDATE slack_apps SET client_secret = signing_secret"))
    assert "altered" in found(database)["keyring"].sentence


def test_stored_slack_apps_are_judged_without_opening_a_secret(database: Database) -> None:
    with database.write() as session:
        home = Workspace(name="Acme", slug="acme")
        session.add(home)
        session.flush()
        whose = {"workspace_id": home.id, "client_secret": "client", "signing_secret": "signing"}
        apps = {
            "draft": SlackApp(workspace_id=home.id, client_id=""),
            "unused": SlackApp(client_id="1.1", **whose),
            "deaf": SlackApp(client_id="1.2", **whose),
            "proved": SlackApp(
                client_id="1.3",
                signature_verified_at=utc_now(),
                rate_limited_at=datetime(2026, 11, 20, 9, 5, tzinfo=UTC),
                **whose,
            ),
            "socket": SlackApp(client_id="1.4", socket_opened_at=utc_now(), **{**whose, "workspace_id": None}),
        }
        session.add_all(apps.values())
        session.flush()
        ids = {name: app.id for name, app in apps.items()}
        for name in ("deaf", "proved"):
            session.add(Integration(workspace_id=home.id, platform="slack", name=name, slack_app_id=ids[name]))
    told = found(database)
    judged = {name: told[f"slack app {app_id}"] for name, app_id in ids.items()}
    assert {name: finding.verdict for name, finding in judged.items()} == {
        "draft": "note", "unused": "note", "deaf": "problem", "proved": "ok", "socket": "ok",
    }  # fmt: skip
    assert "waits for its credentials" in judged["draft"].sentence
    assert "press Retry" in judged["deaf"].sentence
    assert "held events of it back at 2026-11-20 09:05 UTC" in judged["proved"].sentence
    assert judged["socket"].sentence.endswith("shared by the server, 0 active connections")
    assert "signing secret" not in judged["proved"].sentence
