"""Sealed columns: plain in Python, ciphertext in the database, at home in one row only."""

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import StatementError

from core.errors import SealBroken
from core.sealing import Keyring
from db import Database, Integration, SlackApp, Workspace
from db.sealed import SealedBytes, Unsealed, sealed_fields

TOKEN = "xoxe.xoxb-1-a-very-secret-token"


def _integration(database: Database, slug: str = "a", **values: str) -> str:
    with database.write() as session:
        workspace = Workspace(name=slug, slug=slug)
        session.add(workspace)
        session.add(integration := Integration(workspace=workspace, platform="slack", name="n", **values))
    return integration.id


def _raw(database: Database, column: str = "access_token") -> list[bytes]:
    with database.read() as session:
        return [bytes(row[0]) for row in session.execute(text(f"SELECT {column} FROM integrations ORDER BY id"))]


def test_only_ciphertext_reaches_the_database(database: Database) -> None:
    integration_id = _integration(database, access_token=TOKEN)
    (raw,) = _raw(database)
    assert TOKEN.encode() not in raw
    with database.read() as session:
        assert session.get_one(Integration, integration_id).access_token == TOKEN


def test_a_changed_secret_is_sealed_again_and_none_clears_it(database: Database) -> None:
    integration_id = _integration(database, access_token=TOKEN)
    with database.write() as session:
        session.get_one(Integration, integration_id).access_token = "another"
    with database.read() as session:
        assert session.get_one(Integration, integration_id).access_token == "another"
    with database.write() as session:
        session.get_one(Integration, integration_id).access_token = None
    with database.read() as session:
        assert session.get_one(Integration, integration_id).access_token is None


def test_a_ciphertext_moved_to_another_row_does_not_open(database: Database) -> None:
    victim, thief = _integration(database, "a", access_token=TOKEN), _integration(database, "b", access_token="other")
    with database.write() as session:
        session.execute(
            text("UPDATE integrations SET access_token = (SELECT access_token FROM integrations WHERE id = :victim)"
                 " WHERE id = :thief"),
            {"victim": victim, "thief": thief},
        )  # fmt: skip
    with database.read() as session, pytest.raises(SealBroken, match="belongs to another row") as refused:
        _ = session.get_one(Integration, thief).access_token
    assert refused.value.reason == "seal_broken"
    assert TOKEN not in str(refused.value)


def test_nor_in_another_column_or_workspace(database: Database) -> None:
    integration_id = _integration(database, access_token=TOKEN)
    other = _integration(database, "b")
    with database.write() as session:
        session.execute(text("UPDATE integrations SET refresh_token = access_token"))
    with database.read() as session, pytest.raises(SealBroken):
        _ = session.get_one(Integration, integration_id).refresh_token
    with database.write() as session:
        home = session.get_one(Integration, other).workspace_id
        session.execute(update(Integration).where(Integration.id == integration_id).values(workspace_id=home))
    with database.read() as session, pytest.raises(SealBroken):
        _ = session.get_one(Integration, integration_id).access_token


def test_several_keys_live_at_once(database: Database) -> None:
    integration_id = _integration(database, access_token=TOKEN)
    old, new = bytes(range(32)), bytes(range(1, 33))
    both = Database(database.url, Keyring([new, old]))
    with both.write() as session:
        integration = session.get_one(Integration, integration_id)
        assert integration.access_token == TOKEN
        integration.refresh_token = "fresh"
    both.dispose()
    with database.read() as session, pytest.raises(SealBroken, match="SIGNALBOX_ENCRYPTION_KEYS lacks"):
        _ = session.get_one(Integration, integration_id).refresh_token


def test_a_detached_row_says_so() -> None:
    integration = Integration(id="int_1", access_token_sealed=b"\x01" + bytes(40))
    with pytest.raises(SealBroken, match="not attached"):
        _ = integration.access_token


def test_nothing_unsealed_slips_past_the_models(database: Database) -> None:
    integration_id = _integration(database)
    statement = update(Integration).where(Integration.id == integration_id)
    with pytest.raises(StatementError, match="stored in clear"), database.write() as session:
        session.execute(statement.values({"access_token_sealed": Unsealed(b"clear")}))


def test_every_secret_of_the_design_is_sealed() -> None:
    assert {field.name for field in sealed_fields(SlackApp)} == {
        "client_secret", "signing_secret", "previous_signing_secret", "app_token",
    }  # fmt: skip
    assert {field.name for field in sealed_fields(Integration)} == {
        "webhook_secret", "previous_webhook_secret", "header_secret", "previous_header_secret", "access_token",
        "refresh_token", "app_secret", "previous_app_secret",
    }  # fmt: skip
    assert isinstance(Integration.__table__.c.access_token.type, SealedBytes)
    assert "xox" not in repr(Integration(id="int_1", access_token="xoxb-secret"))


def test_shared_slack_apps_have_no_workspace(database: Database) -> None:
    with database.write() as session:
        session.add(SlackApp(client_id="1.2", client_secret="shh", signing_secret="sss"))
    with database.read() as session:
        assert session.scalars(select(SlackApp)).one().client_secret == "shh"
