"""Secrets and addresses that are replaced, and those before them that live on for a while."""

from typing import Any

import pytest

from core.digests import Digester
from db import AuditEntry, Database, Integration
from db.sealed import holds
from tests.conftest import StillClock
from tests.web.api.conftest import PUBLIC_URL, Api, Tenant
from tests.web.api.rows import add_integration
from tests.web.api.test_integrations import connect
from web.ingress.live import live_panel, live_secrets


def row_of(database: Database, identity: str) -> Integration:
    with database.read() as session:
        return session.get_one(Integration, identity)


def counting(database: Database, identity: str, clock: StillClock) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The signing secrets and header tokens that count now."""
    with database.read() as session:
        secrets = live_secrets(session.get_one(Integration, identity), clock())
    return secrets.signing, secrets.header


def of_the_app(database: Database, identity: str, clock: StillClock) -> tuple[str, ...]:
    """The secrets under which a Custom App may sign now."""
    with database.read() as session:
        return live_panel(session.get_one(Integration, identity), clock()).signing


def test_a_new_header_token_is_shown_once_while_the_old_one_lives_for_a_day(
    api: Api, database: Database, clock: StillClock
) -> None:
    made = connect(api)
    answer = api.post(f"/integrations/{made['id']}/rotate-header")
    new = answer.get_json()
    assert answer.status_code == 200
    assert new["header_value"] == f"Bearer {new['header_secret']}"
    assert new["previous_header_secret_expires_at"] == "2026-11-21T10:00:00Z"
    assert counting(database, made["id"], clock) == ((), (new["header_secret"], made["header_secret"]))
    clock.advance(hours=24)
    assert counting(database, made["id"], clock) == ((), (new["header_secret"],))
    assert new["header_secret"] not in api.get(f"/integrations/{made['id']}").text


def test_a_pasted_signing_secret_outlives_its_successor_for_a_day(
    api: Api, database: Database, clock: StillClock
) -> None:
    path = f"/integrations/{connect(api)['id']}"
    assert api.patch(path, {"webhook_secret": "one"}).get_json()["previous_webhook_secret_expires_at"] is None
    answer = api.patch(path, {"webhook_secret": "two"}).get_json()
    assert answer["previous_webhook_secret_expires_at"] == "2026-11-21T10:00:00Z"
    clock.advance(hours=5)
    again = api.patch(path, {"webhook_secret": "two"}).get_json()
    assert again["previous_webhook_secret_expires_at"] == "2026-11-21T10:00:00Z", "sent again is no new secret"
    assert counting(database, answer["id"], clock)[0] == ("two", "one")
    clock.advance(hours=19)
    assert counting(database, answer["id"], clock)[0] == ("two",)


def test_old_secrets_can_be_ended_before_their_time(api: Api, database: Database, clock: StillClock) -> None:
    made = connect(api, webhook_secret="one", header_secret="tok")
    path = f"/integrations/{made['id']}"
    api.patch(path, {"webhook_secret": "two", "header_secret": "newer"})
    ended = api.post(f"{path}/end-old-secrets").get_json()
    assert (ended["previous_webhook_secret_expires_at"], ended["previous_header_secret_expires_at"]) == (None, None)
    assert counting(database, made["id"], clock) == (("two",), ("newer",))


def test_secrets_of_a_time_without_an_end_stay_as_they_are(
    api: Api, database: Database, alice: Tenant, clock: StillClock
) -> None:
    identity = add_integration(database, alice.workspace_id, webhook_secret="two", previous_webhook_secret="one")
    clock.advance(days=400)
    assert counting(database, identity, clock)[0] == ("two", "one")


def test_another_address_takes_the_old_ones_place_at_once(api: Api, database: Database, digester: Digester) -> None:
    made = connect(api)
    moved = api.post(f"/integrations/{made['id']}/rotate-address").get_json()
    assert moved["webhook_url"].startswith(f"{PUBLIC_URL}/webhooks/pylon/")
    assert moved["webhook_url"] != made["webhook_url"]
    key = moved["webhook_url"].rpartition("/")[2]
    assert row_of(database, made["id"]).ingest_key_digest == digester.digest("ingest_key", key)
    assert "header_secret" not in moved


@pytest.mark.parametrize("act", ["rotate-header", "rotate-address"])
@pytest.mark.parametrize(("platform", "state"), [("slack", "active"), ("pylon", "disconnected")])
def test_who_is_not_called_has_nothing_to_rotate(
    api: Api, database: Database, alice: Tenant, *, act: str, platform: str, state: str
) -> None:
    identity = add_integration(database, alice.workspace_id, platform, state=state)
    assert api.post(f"/integrations/{identity}/{act}").status_code in (409, 422)


@pytest.mark.parametrize("act", ["rotate-header", "rotate-address", "end-old-secrets"])
def test_rotation_is_written_down_without_values_and_is_nobody_elses(
    api: Api, bobs_api: Api, database: Database, act: str
) -> None:
    path = f"/integrations/{connect(api)['id']}/{act}"
    assert bobs_api.post(path).status_code == 404
    answer: dict[str, Any] = api.post(path).get_json()
    with database.read() as session:
        entries = session.query(AuditEntry).filter(AuditEntry.action != "integration.connected").all()
    assert len(entries) == 1
    assert answer.get("header_secret", "nothing") not in str([entry.details for entry in entries])


def test_the_secret_of_a_custom_app_goes_in_and_never_comes_out(api: Api, database: Database) -> None:
    path = f"/integrations/{connect(api)['id']}"
    assert "sesame" not in api.patch(path, {"app_secret": "sesame"}).text
    assert holds(row_of(database, path.rpartition("/")[2]), "app_secret")
    api.delete(path)
    assert not holds(row_of(database, path.rpartition("/")[2]), "app_secret")


def test_the_secret_of_a_custom_app_outlives_its_successor_for_a_day(
    api: Api, database: Database, clock: StillClock
) -> None:
    path = f"/integrations/{connect(api, webhook_secret='whsec')['id']}"
    identity = path.rpartition("/")[2]
    assert of_the_app(database, identity, clock) == ("whsec",)
    assert api.patch(path, {"app_secret": "one"}).get_json()["previous_app_secret_expires_at"] is None
    assert of_the_app(database, identity, clock) == ("one",)
    answer = api.patch(path, {"app_secret": "two"})
    assert answer.get_json()["previous_app_secret_expires_at"] == "2026-11-21T10:00:00Z"
    assert not {"one", "two"} & set(answer.text.split('"'))
    assert of_the_app(database, identity, clock) == ("two", "one")
    clock.advance(hours=23)
    again = api.patch(path, {"app_secret": "two"}).get_json()
    assert again["previous_app_secret_expires_at"] == "2026-11-21T10:00:00Z", "sent again is no new secret"
    clock.advance(hours=1)
    assert of_the_app(database, identity, clock) == ("two",)
    assert counting(database, identity, clock)[0] == ("whsec",), "a delivery is never proved by the app's secret"


@pytest.mark.parametrize("how", ["ended", "cleared", "disconnected"])
def test_an_old_secret_of_a_custom_app_can_be_ended(api: Api, database: Database, clock: StillClock, how: str) -> None:
    path = f"/integrations/{connect(api, webhook_secret='whsec')['id']}"
    for secret in ("one", "two"):
        api.patch(path, {"app_secret": secret})
    if how == "ended":
        assert api.post(f"{path}/end-old-secrets").get_json()["previous_app_secret_expires_at"] is None
    elif how == "cleared":
        assert api.patch(path, {"app_secret": None}).get_json()["previous_app_secret_expires_at"] is None
    else:
        api.delete(path)
    identity = path.rpartition("/")[2]
    row = row_of(database, identity)
    assert not holds(row, "previous_app_secret")
    assert row.previous_app_secret_expires_at is None
    assert of_the_app(database, identity, clock) == {"ended": ("two",), "cleared": ("whsec",), "disconnected": ()}[how]


def test_limited_mode_shows(api: Api, database: Database, alice: Tenant) -> None:
    path = f"/integrations/{connect(api)['id']}"
    assert api.get(path).get_json()["is_limited"] is True
    assert api.patch(path, {"access_token": "token-globex"}).get_json()["is_limited"] is False
    assert connect(api, platform="desk")["is_limited"] is False
    slack = add_integration(database, alice.workspace_id, "slack")
    assert api.get(f"/integrations/{slack}").get_json()["is_limited"] is False
