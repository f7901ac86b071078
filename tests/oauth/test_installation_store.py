from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from slack_bolt.context.context import BoltContext
from slack_sdk.oauth.installation_store import Installation
from sqlalchemy import select

from core.errors import SignalboxError
from db import Database, Integration, SlackApp
from db.sealed import holds
from oauth.authorize import IntegrationsAuthorize
from oauth.installation_store import IntegrationInstallationStore
from oauth.installer import Installer
from oauth.intent import InstallIntent
from pipeline.installations.parting import part_from
from pipeline.tokens.access import StoredAccess
from tests.conftest import StillClock
from tests.oauth.conftest import Connection, Tenant

Connections = Callable[[], list[Connection]]


@pytest.fixture
def app_id(database: Database, installer: Installer) -> str:
    with database.read() as session:
        return session.scalars(select(SlackApp.id)).one()


@pytest.fixture
def store(database: Database, clock: StillClock, app_id: str) -> IntegrationInstallationStore:
    return IntegrationInstallationStore(database, clock, slack_app_id=app_id)


@pytest.fixture
def intent(acme: Tenant, app_id: str) -> InstallIntent:
    return InstallIntent(acme.workspace_id, acme.owner, app_id)


def installation(token: str, *, team: str | None = "T1", enterprise: str | None = None) -> Installation:
    return Installation(
        app_id="A0APP", team_id=team, team_name="Team", enterprise_id=enterprise, bot_token=token, bot_id="B1",
        bot_user_id="UBOT", bot_scopes="channels:history", user_id="U1", is_enterprise_install=team is None,
    )  # fmt: skip


def test_first_installations_at_the_same_moment_make_one_row(
    store: IntegrationInstallationStore, intent: InstallIntent, connections: Connections
) -> None:
    with ThreadPoolExecutor(max_workers=8) as tabs:
        list(tabs.map(lambda n: store.keep(intent, installation(f"xoxb-{n}")), range(8)))
    assert len(connections()) == 1


def test_returns_of_a_gone_team_at_the_same_moment_make_one_row(
    store: IntegrationInstallationStore, intent: InstallIntent, connections: Connections
) -> None:
    store.keep(intent, installation("xoxb-0"))
    store.delete_all(enterprise_id=None, team_id="T1")
    with ThreadPoolExecutor(max_workers=8) as tabs:
        list(tabs.map(lambda n: store.keep(intent, installation(f"xoxb-{n}")), range(8)))
    assert [c.row.state for c in connections()] == ["active"]


def test_a_team_that_returns_before_the_farewell_was_said_owes_none(
    store: IntegrationInstallationStore, intent: InstallIntent, database: Database, clock: StillClock
) -> None:
    """Its app was deleted, and registered anew within the minute."""
    store.keep(intent, installation("xoxb-0"))
    with database.write() as session:
        part_from(session, session.scalars(select(SlackApp)).one(), reason="slack_app_deleted", now=clock())
    store.keep(intent, installation("xoxb-1"))
    with database.read() as session:
        row = session.scalars(select(Integration)).one()
        assert (row.state, row.access_token, row.wipe_due_at) == ("active", "xoxb-1", None)
        assert not holds(row, "app_secret")


def test_what_is_kept_is_found(store: IntegrationInstallationStore, intent: InstallIntent) -> None:
    store.keep(intent, installation("xoxb-team"))
    store.keep(intent, installation("xoxb-org", team=None, enterprise="E1"))

    bot = store.find_bot(enterprise_id=None, team_id="T1")
    assert bot is not None
    assert (bot.bot_token, bot.bot_id, bot.bot_user_id, bot.app_id) == ("xoxb-team", "B1", "UBOT", "A0APP")
    found = store.find_installation(enterprise_id="E1", team_id="T9", is_enterprise_install=True)
    assert found is not None
    assert (found.bot_token, found.is_enterprise_install) == ("xoxb-org", True)
    assert store.find_installation(enterprise_id="E1", team_id="T9") is None


def test_a_team_that_joins_an_organisation_stays_the_same(
    store: IntegrationInstallationStore, intent: InstallIntent, connections: Connections
) -> None:
    store.keep(intent, installation("xoxb-1"))
    store.keep(intent, installation("xoxb-2", enterprise="E1"))
    (connection,) = connections()
    assert (connection.row.slack_enterprise_id, connection.access_token) == ("E1", "xoxb-2")


def test_saving_without_an_intent_only_renews(store: IntegrationInstallationStore, intent: InstallIntent) -> None:
    with pytest.raises(SignalboxError, match="Add to Slack"):
        store.save(installation("xoxb-1"))
    store.keep(intent, installation("xoxb-1"))
    store.save(installation("xoxb-2"))
    found = store.find_installation(enterprise_id=None, team_id="T1")
    assert found is not None
    assert found.bot_token == "xoxb-2"


def test_only_a_users_tokens_end_nothing(
    store: IntegrationInstallationStore, intent: InstallIntent, connections: Connections
) -> None:
    store.keep(intent, installation("xoxb-1"))
    store.delete_installation(enterprise_id=None, team_id="T1", user_id="U1")
    assert [c.row.state for c in connections()] == ["active"]
    store.delete_installation(enterprise_id=None, team_id="T1")
    assert [(c.row.state, c.access_token) for c in connections()] == [("disconnected", None)]


def test_authorization_prefers_the_team_over_its_organisation(
    store: IntegrationInstallationStore, intent: InstallIntent, database: Database, app_id: str
) -> None:
    store.keep(intent, installation("xoxb-team", enterprise="E1"))
    store.keep(intent, installation("xoxb-org", team=None, enterprise="E1"))
    authorize = IntegrationsAuthorize(database, StoredAccess(database), app_id)

    def token(enterprise: str | None, team: str | None) -> str | None:
        result = authorize(context=BoltContext(), enterprise_id=enterprise, team_id=team, user_id="U1")
        return result.bot_token if result else None

    assert token("E1", "T1") == "xoxb-team"
    assert token("E1", "T2") == token("E1", None) == "xoxb-org"
    assert token(None, "T2") is None
    assert token(None, None) is None
    hostile: list[Any] = ["T\0", {"id": "T1"}, ["T1"], 10**30, True]
    for garbage in hostile:
        assert token(None, garbage) is token(garbage, None) is None
    store.delete_all(enterprise_id=None, team_id="T1")
    assert token(None, "T1") is None
    assert IntegrationsAuthorize(database, StoredAccess(database), "app_other")(
        context=BoltContext(), enterprise_id="E1", team_id=None, user_id=None
    ) is None  # fmt: skip
