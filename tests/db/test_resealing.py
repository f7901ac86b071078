"""Sealing anew: everything under the newest key, nothing lost, nothing else changed, and on from where it stopped."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from core.errors import SealBroken
from core.sealing import Keyring
from db import Database, IdempotencyKey, Integration, SlackApp, WebhookKey, Workspace
from db import resealing as module
from db.resealing import outdated, reseal, sealed_models
from tests.conftest import KEYRING, NOW

OLD, NEW = bytes(range(32)), bytes(range(1, 33))


@pytest.fixture
def rotating(database_url: str) -> Iterator[Database]:
    """The same database, opened with a newer key before the old one."""
    opened = Database(database_url, Keyring([NEW, OLD]))
    yield opened
    opened.dispose()


@pytest.fixture
def workspace_id(database: Database) -> str:
    with database.write() as session:
        workspace = Workspace(name="Acme", slug="acme")
        session.add(workspace)
        session.flush()
        session.add_all([
            SlackApp(workspace_id=None, client_id="1.2", client_secret="client", signing_secret="signing"),
            Integration(workspace_id=workspace.id, platform="pylon", name="P", access_token="token", updated_at=NOW),
            IdempotencyKey(
                workspace_id=workspace.id, key="k", request_digest="d", status=201, answer="{}", expires_at=NOW
            ),
        ])  # fmt: skip
        keys = [
            WebhookKey(workspace_id=workspace.id, name="k", api_key=f"d{n}", api_key_hint="h", secret=f"secret {n}")
            for n in range(5)
        ]
        session.add_all(keys)
    return workspace.id


def secrets(database: Database, workspace_id: str) -> list[str | None]:
    with database.read() as session:
        app, integration = session.query(SlackApp).one(), session.query(Integration).one()
        answer = session.get_one(IdempotencyKey, (workspace_id, "k")).answer
        keys = [key.secret for key in session.query(WebhookKey).order_by(WebhookKey.api_key)]
        return [app.client_secret, app.signing_secret, integration.access_token, answer, *keys]


def test_every_sealed_value_is_sealed_anew(
    rotating: Database, database_url: str, workspace_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    before = secrets(rotating, workspace_id)
    assert (outdated(rotating), len(before)) == (9, 9)
    batches = [*reseal(rotating)]
    assert (sum(batch.resealed for batch in batches), outdated(rotating)) == (9, 0)
    assert max(batch.resealed for batch in batches) <= 4
    newest_alone = Database(database_url, Keyring([NEW]))
    assert secrets(newest_alone, workspace_id) == before
    newest_alone.dispose()
    assert [*reseal(rotating)] == []


def test_nothing_else_is_changed(rotating: Database, workspace_id: str) -> None:
    list(reseal(rotating))
    with rotating.read() as session:
        assert session.query(Integration).one().updated_at == NOW


def test_an_interrupted_run_goes_on_where_it_stopped(
    rotating: Database, workspace_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 1)
    first = next(iter(reseal(rotating)))
    assert outdated(rotating) == 9 - first.resealed
    assert sum(batch.resealed for batch in reseal(rotating)) == 9 - first.resealed


def test_a_value_that_no_key_opens_is_named_and_left(rotating: Database, workspace_id: str) -> None:
    stranger = Keyring([bytes(32)]).seal("x", "elsewhere")
    with rotating.engine.begin() as raw:
        raw.execute(text("UPDATE slack_apps SET client_secret = :value"), {"value": stranger})
    batches = [*reseal(rotating)]
    [place] = [place for batch in batches for place in batch.unreadable]
    assert place.startswith("slack_apps/client_secret/app_")
    assert (sum(batch.resealed for batch in batches), outdated(rotating)) == (8, 1)
    with rotating.read() as session, pytest.raises(SealBroken):
        _ = session.query(SlackApp).one().client_secret


def test_every_model_with_sealed_fields_is_found() -> None:
    assert {"integrations", "slack_apps", "webhook_keys", "idempotency_keys"} <= {
        str(model.__tablename__) for model, _ in sealed_models()
    }
    assert KEYRING.is_newest(KEYRING.seal("x", "y"))
