from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import select

from core.settings import Settings
from db import Database, SlackApp
from oauth.slack_apps import upsert_shared_app
from tests.conftest import StillClock

SETTINGS = Settings(
    slack_client_id="11.22",
    slack_client_secret="client",
    slack_signing_secret=("current", "previous"),
    slack_app_token="xapp-1",
    slack_app_id="A0APP",
)


def described(database: Database) -> list[tuple[str | None, ...]]:
    with database.read() as session:
        return [
            (a.client_id, a.client_secret, a.signing_secret, a.previous_signing_secret, a.app_token, a.api_app_id)
            for a in session.scalars(select(SlackApp))
        ]


def test_the_settings_make_the_shared_app(database: Database, clock: StillClock) -> None:
    upsert_shared_app(database, SETTINGS, clock())
    assert described(database) == [("11.22", "client", "current", "previous", "xapp-1", "A0APP")]


def test_the_settings_win_over_what_is_stored(database: Database, clock: StillClock) -> None:
    with database.write() as session:
        session.add(SlackApp(client_id="11.22", client_secret="old", signing_secret="older", api_app_id="A0LEARNT"))
    upsert_shared_app(database, replace(SETTINGS, slack_signing_secret=("new",), slack_app_id=""), clock())
    assert described(database) == [("11.22", "client", "new", None, "xapp-1", "A0LEARNT")]


def test_another_client_id_is_another_app(database: Database, clock: StillClock) -> None:
    upsert_shared_app(database, SETTINGS, clock())
    other = Settings(slack_client_id="33.44", slack_client_secret="c", slack_signing_secret=("s",))
    upsert_shared_app(database, other, clock())
    assert described(database) == [("33.44", "c", "s", None, None, None)]


@pytest.mark.parametrize("settings", [Settings(), Settings(slack_signing_secret=("s",))])
def test_without_a_client_id_nothing_changes(database: Database, clock: StillClock, settings: Settings) -> None:
    upsert_shared_app(database, settings, clock())
    assert described(database) == []
    upsert_shared_app(database, SETTINGS, clock())
    upsert_shared_app(database, settings, clock())
    assert len(described(database)) == 1


def test_processes_that_start_together_make_one_row(database: Database, clock: StillClock) -> None:
    with ThreadPoolExecutor(max_workers=10) as processes:
        list(processes.map(lambda _: upsert_shared_app(database, SETTINGS, clock()), range(10)))
    assert len(described(database)) == 1
