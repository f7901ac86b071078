"""The schema: migrations both ways, no drift, and what a deletion takes with it."""

import os
from collections.abc import Callable
from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from db import (
    ApiToken,
    AuditEntry,
    Base,
    ChannelAudience,
    Conversation,
    ConversationLink,
    ConversationVerdict,
    Database,
    DirectoryEntry,
    Duty,
    Event,
    IdempotencyKey,
    Import,
    Integration,
    Invitation,
    Knock,
    OAuthState,
    Receipt,
    SavedView,
    Signal,
    SignalCopy,
    SignalRevision,
    SignInLink,
    SlackApp,
    User,
    UserIdentity,
    UserSession,
    WebhookKey,
    Workspace,
    WorkspaceMember,
)  # fmt: skip
from db.dialects import hold_migration_lock
from db.migrate import current_revision, downgrade, head_revision, upgrade
from migrations.scope import COMPARING
from tests.conftest import NOW


def test_up_down_up(database: Database) -> None:
    assert current_revision(database) == head_revision()
    downgrade(database)
    assert _tables(database) == {"alembic_version"}
    upgrade(database)
    assert current_revision(database) == head_revision()
    assert _tables(database) >= set(Base.metadata.tables)


@pytest.mark.filterwarnings("ignore:.*expression-based index.*")  # SQLite cannot reflect it; PostgreSQL compares it
def test_models_and_migrations_do_not_drift(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=COMPARING)
        assert compare_metadata(context, Base.metadata) == []


def test_every_constraint_is_named(database: Database) -> None:
    for table in Base.metadata.tables.values():
        assert all(constraint.name for constraint in table.constraints)
        assert all(index.name for index in table.indexes)


def test_migrations_on_postgresql_wait_neither_long_nor_twice(
    postgres_url: str, open_database: Callable[[str], Database]
) -> None:
    """A lock that is not to be had fails the migration within its timeout instead of queueing everybody behind it."""
    name = "t" + os.urandom(6).hex()
    admin = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    database = open_database(postgres_url.replace("/postgres?", f"/{name}?"))
    upgrade(database)
    seen = {}
    with database.engine.begin() as connection:
        hold_migration_lock(connection)
        for setting in ("lock_timeout", "statement_timeout"):
            seen[setting] = connection.execute(text(f"SHOW {setting}")).scalar()
    assert seen == {"lock_timeout": "5s", "statement_timeout": "5min"}
    admin.dispose()


def test_a_workspace_takes_everything_of_its_own_with_it(database: Database) -> None:
    mine, other = _populate(database, "mine"), _populate(database, "other")
    with database.write() as session:
        session.execute(text("DELETE FROM workspaces WHERE id = :id"), {"id": mine})
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            if "workspace_id" in table.c:
                owners = set(session.scalars(select(table.c.workspace_id)))
                assert owners == {other}, f"{table.name} kept rows of a deleted workspace"


def test_a_user_leaves_and_what_they_made_stays(database: Database) -> None:
    _populate(database, "mine")
    with database.write() as session:
        session.execute(text("DELETE FROM users"))
    with database.read() as session:
        for gone in (WorkspaceMember, UserSession, SignInLink, UserIdentity):
            assert session.scalars(select(gone)).all() == []
        assert session.scalars(select(Integration)).one().created_by is None
        assert session.scalars(select(WebhookKey)).one().created_by is None
        assert session.scalars(select(ApiToken)).one().created_by is None
        assert session.scalars(select(AuditEntry)).one().actor_id is None
        assert session.scalars(select(OAuthState)).one().user_id is None


def test_every_foreign_key_to_workspaces_cascades() -> None:
    for table in Base.metadata.tables.values():
        for key in table.foreign_keys:
            if key.column.table.name == "workspaces":
                assert key.ondelete == "CASCADE", table.name
            if key.column.table.name == "users":
                cascades = table.name in {"workspace_members", "sessions", "sign_in_links", "user_identities"}
                assert key.ondelete == ("CASCADE" if cascades else "SET NULL"), table.name


def test_relations_are_named_as_people_speak(database: Database) -> None:
    workspace_id = _populate(database, "mine")
    with database.read() as session:
        workspace = session.get_one(Workspace, workspace_id)
        (integration,), (key,) = workspace.integrations, workspace.webhook_keys
        assert integration.workspace is key.workspace is workspace
        assert key.creator is not None
        assert key.creator.email == integration.creator.email == "mine@example.com"  # type: ignore[union-attr]


def test_a_team_is_connected_once_per_app(database: Database) -> None:
    workspace_id = _populate(database, "mine")
    with database.read() as session:
        app_id = session.scalars(select(SlackApp.id)).one()
    again = {"workspace_id": workspace_id, "platform": "slack", "name": "again", "slack_app_id": app_id}
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(Integration(**again, slack_team_id="Tmine"))
    with database.write() as session:
        session.add(Integration(**again, slack_team_id="Tmine", state="disconnected"))
        session.add(Integration(**again, slack_team_id=None, slack_enterprise_id="E1"))


def test_naive_times_are_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="naive"), database.write() as session:
        session.add(Workspace(name="n", slug="n", created_at=NOW.replace(tzinfo=None)))


def _tables(database: Database) -> set[str]:
    return set(inspect(database.engine).get_table_names())


def _populate(database: Database, name: str) -> str:
    """A workspace with one row of everything; returns its id."""
    with database.write() as session:
        workspace, user = Workspace(name=name, slug=name), User(email=f"{name}@example.com")
        session.add_all([workspace, user])
        session.flush()
        of = {"workspace_id": workspace.id}
        soon = NOW + timedelta(hours=1)
        app = SlackApp(**of, client_id=name, client_secret="c", signing_secret="s")
        session.add(app)
        session.flush()
        integration = Integration(**of, platform="slack", name="s", slack_app_id=app.id, slack_team_id=f"T{name}",
                                  access_token="xoxb-1", created_by=user.id)  # fmt: skip
        key = WebhookKey(**of, name="k", api_key=name, api_key_hint="…", secret="whsec_", created_by=user.id)
        conversation = Conversation(**of)
        session.add_all([integration, key, conversation])
        session.flush()
        event = Event(platform="slack", slack_app_id=app.id, type="message", payload=b"{}", received_at=NOW)
        signal = Signal(**of, source="slack", source_ref="C:1", source_version="1", verbatim="v", occurred_at=NOW,
                        conversation_id=conversation.id)  # fmt: skip
        copy = Signal(**of, source="pylon", source_ref="i", source_version="1", verbatim="v", occurred_at=NOW)
        session.add_all([event, signal, copy])
        session.flush()
        session.add_all([
            WorkspaceMember(**of, user_id=user.id, role="owner"),
            UserIdentity(user_id=user.id, issuer="https://slack.com", subject=f"T1/{name}"),
            UserSession(**of, user_id=user.id, token_digest=f"s{name}", last_seen_at=NOW, expires_at=soon),
            SignInLink(**of, user_id=user.id, token_digest=f"l{name}", expires_at=soon),
            ApiToken(**of, created_by=user.id, name="t", token_digest=f"t{name}", token_hint="…", scopes=["read"]),
            AuditEntry(**of, actor_id=user.id, action="test"),
            OAuthState(**of, kind="state", digest=f"d{name}", user_id=user.id, slack_app_id=app.id, expires_at=soon),
            ConversationLink(**of, kind="slack_thread", ref="C:1", conversation_id=conversation.id),
            Invitation(**of, email="a@b.example", role="member", token_digest=f"i{name}", expires_at=soon),
            SavedView(**of, name="mine", created_by=user.id),
            IdempotencyKey(**of, key="k", request_digest="d", expires_at=soon),
            SignalRevision(**of, signal_id=signal.id, source_version="0", verbatim="u", replaced_at=NOW),
            Receipt(**of, event_id=event.id, integration_id=integration.id, outcome="captured", signal_id=signal.id),
            SignalCopy(**of, signal_id=copy.id, original_id=signal.id),
            ConversationVerdict(**of, kind="pylon_issue", ref="i", other_kind="slack_thread", other_ref="C:1",
                                verdict="same", decided_by=user.id),
            Import(**of, integration_id=integration.id, created_by=user.id, since=NOW, until=NOW, due_at=NOW),
            Duty(integration_id=integration.id, kind="slack.reconcile", scope="C", due_at=NOW),
            DirectoryEntry(integration_id=integration.id, kind="user", ref="U1", due_at=NOW),
            ChannelAudience(slack_app_id=app.id, channel_id="C", fetched_at=NOW, expires_at=soon),
            Knock(integration_id=integration.id, event_id=event.id, findings=["header_ok"]),
        ])  # fmt: skip
        return workspace.id
