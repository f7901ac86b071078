"""Connecting, changing and ending connections, without ever showing a secret again."""

from datetime import timedelta
from typing import Any

import pytest

from core.digests import Digester
from db import AuditEntry, Database, DirectoryEntry, Duty, Integration
from tests.conftest import NOW, StillClock
from tests.web.api.conftest import PUBLIC_URL, Api, Organisations, Tenant
from tests.web.api.rows import add_integration

FIELDS = {
    "id", "platform", "name", "state", "state_reason", "is_active", "config", "slack_team_id", "slack_team_name",
    "scopes", "token_expires_at", "pylon_account_id", "pylon_region", "installed_at", "last_used_at", "created_at",
    "is_limited", "previous_webhook_secret_expires_at", "previous_header_secret_expires_at",
    "previous_app_secret_expires_at", "complete_until", "token_refreshed_at", "token_problem", "token_problem_since",
}  # fmt: skip


def connect(api: Api, **body: Any) -> dict[str, Any]:
    answer = api.post("/integrations", {"platform": "pylon", "name": "Support"} | body)
    assert answer.status_code == 201, answer.get_json()
    connected: dict[str, Any] = answer.get_json()
    return connected


def secrets_of(database: Database, identity: str) -> dict[str, str | None]:
    """The secrets as the next webhook is verified with them."""
    names = ("webhook_secret", "previous_webhook_secret", "header_secret", "previous_header_secret", "access_token")
    with database.read() as session:
        row = session.get_one(Integration, identity)
        return {name: getattr(row, name) for name in names if getattr(row, name) is not None}


def test_up_to_when_nothing_is_missing(api: Api, database: Database, alice: Tenant) -> None:
    """The channel that is furthest behind decides; it names no new state, so that changes are not held up by it."""
    pylon, slack = (add_integration(database, alice.workspace_id, platform) for platform in ("pylon", "slack"))
    asked = api.get(f"/integrations/{slack}")
    assert asked.get_json()["complete_until"] is None
    with database.write() as session:
        session.add(Duty(integration_id=pylon, kind="pylon.reconcile", scope="", complete_until=NOW))
        session.add(Duty(integration_id=pylon, kind="pylon.accounts", scope="", complete_until=NOW - timedelta(days=9)))
        for channel, hours in (("C1", 1), ("C2", 2)):
            until = NOW - timedelta(hours=hours)
            session.add(Duty(integration_id=slack, kind="slack.reconcile", scope=channel, complete_until=until))
    told = {item["id"]: item["complete_until"] for item in api.get("/integrations").get_json()["items"]}
    assert told == {pylon: "2026-11-20T10:00:00Z", slack: "2026-11-20T08:00:00Z"}
    assert api.get(f"/integrations/{slack}").get_json()["complete_until"] == "2026-11-20T08:00:00Z"
    assert api.get(f"/integrations/{slack}").headers["ETag"] == asked.headers["ETag"]


def refused(answer: Any, status: int, code: str) -> list[str]:
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    return [error["field"] for error in answer.get_json().get("errors", ())]


def test_connecting_without_a_secret_generates_one(api: Api, database: Database, digester: Digester) -> None:
    connected = connect(api)
    assert connected.keys() == FIELDS | {"webhook_url", "header_name", "header_secret", "header_value"}
    address, _, key = connected["webhook_url"].rpartition("/")
    assert address == f"{PUBLIC_URL}/webhooks/pylon"
    assert connected["header_name"] == "Authorization"
    assert connected["header_value"] == f"Bearer {connected['header_secret']}"
    with database.read() as session:
        row = session.get_one(Integration, connected["id"])
        assert row.ingest_key_digest == digester.digest("ingest_key", key)
        assert row.header_secret == connected["header_secret"]
        assert (row.pylon_region, row.installed_at, row.webhook_secret) == ("us", NOW, None)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"webhook_secret": " pasted "}, {"webhook_secret": "pasted"}),
        ({"header_secret": "Bearer pasted"}, {"header_secret": "pasted"}),
        ({"header_secret": "Bearer x", "header_name": "X-Secret"}, {"header_secret": "Bearer x"}),
        ({"webhook_secret": "a", "header_secret": "b"}, {"webhook_secret": "a", "header_secret": "b"}),
    ],
)
def test_own_secrets_are_kept_and_not_shown(
    api: Api, database: Database, sent: dict[str, str], kept: dict[str, str]
) -> None:
    connected = connect(api, **sent)
    assert connected.keys() == FIELDS | {"webhook_url"}
    assert secrets_of(database, connected["id"]) == kept


def test_a_header_of_another_name_takes_the_bare_secret(api: Api) -> None:
    connected = connect(api, header_name="X-Webhook-Secret")
    assert connected["header_name"] == "X-Webhook-Secret"
    assert connected["header_value"] == connected["header_secret"]


def test_any_platform_with_an_address_of_its_own_can_be_connected(api: Api) -> None:
    connected = connect(api, platform="desk", access_token="unchecked")
    assert connected["webhook_url"].startswith(f"{PUBLIC_URL}/webhooks/desk/")
    assert connected["pylon_region"] is None


@pytest.mark.parametrize(
    ("body", "status", "code", "fields"),
    [
        ({"platform": "slack"}, 409, "use_install_link", []),
        ({"platform": "webhook"}, 409, "use_webhook_keys", []),
        ({"platform": "fax"}, 422, "invalid_fields", ["platform"]),
        ({"platform": "desk", "pylon_region": "eu"}, 422, "invalid_fields", ["pylon_region"]),
        ({"pylon_region": "mars"}, 422, "invalid_fields", ["pylon_region"]),
        ({"name": "  "}, 422, "invalid_fields", ["name"]),
        ({"name": "a\x00b"}, 422, "invalid_fields", ["name"]),
        ({"header_name": "X Secret"}, 422, "invalid_fields", ["header_name"]),
        ({"colour": "red"}, 422, "invalid_fields", ["colour"]),
        ({"config": {"slack_url": "https://evil.example"}}, 422, "invalid_fields", ["config.slack_url"]),
        ({"config": {"pylon_events": ["issue.exploded"]}}, 422, "invalid_fields", ["config.pylon_events.0"]),
        ({"config": {"slack_channels": [{"name": "x"}]}}, 422, "invalid_fields", ["config.slack_channels.0.id"]),
        ({"access_token": "token-nobody"}, 422, "invalid_fields", ["access_token"]),
    ],
)
def test_what_cannot_be_connected(api: Api, *, body: dict[str, Any], status: int, code: str, fields: list[str]) -> None:
    answer = api.post("/integrations", {"platform": "pylon", "name": "Support"} | body)
    assert refused(answer, status, code) == fields
    assert api.get("/integrations").get_json()["items"] == []


def test_every_missing_field_is_named(api: Api) -> None:
    assert refused(api.post("/integrations", {}), 422, "invalid_fields") == ["platform", "name"]


def test_an_organisation_is_connected_once(api: Api, bobs_api: Api) -> None:
    connected = connect(api, access_token="token-globex", pylon_region="eu")
    assert (connected["pylon_account_id"], connected["pylon_region"]) == ("org-globex", "eu")
    again = {"platform": "pylon", "name": "Support", "access_token": "token-globex"}
    refused(api.post("/integrations", again), 409, "pylon_organisation_connected")
    refused(bobs_api.post("/integrations", again), 409, "pylon_organisation_connected_elsewhere")
    assert api.delete(f"/integrations/{connected['id']}").status_code == 204
    assert connect(bobs_api, access_token="token-globex")["pylon_account_id"] == "org-globex"


def test_an_unreachable_platform_connects_nothing(api: Api, organisations: Organisations) -> None:
    organisations.down = True
    body = {"platform": "pylon", "name": "Support", "access_token": "token-globex"}
    answer = api.post("/integrations", body)
    refused(answer, 424, "pylon_unreachable")
    assert "without a token" in answer.get_json()["detail"]
    assert api.get("/integrations").get_json()["items"] == []


def test_rotating_leaves_the_old_secret_alive(api: Api, database: Database) -> None:
    identity = connect(api, webhook_secret="first", header_secret="one")["id"]
    for body in ({"webhook_secret": "second"}, {"webhook_secret": "second"}, {"header_secret": "Bearer two"}):
        answer = api.patch(f"/integrations/{identity}", body)
        assert answer.get_json().keys() == FIELDS
    assert secrets_of(database, identity) == {
        "webhook_secret": "second", "previous_webhook_secret": "first",
        "header_secret": "two", "previous_header_secret": "one",
    }  # fmt: skip
    api.patch(f"/integrations/{identity}", {"webhook_secret": None})
    assert secrets_of(database, identity) == {"header_secret": "two", "previous_header_secret": "one"}
    answer = api.patch(f"/integrations/{identity}", {"header_secret": None})
    assert refused(answer, 422, "invalid_fields") == ["header_secret"]


def test_an_access_token_can_be_added_replaced_and_cleared(api: Api, database: Database) -> None:
    path = f"/integrations/{connect(api)['id']}"
    assert refused(api.patch(path, {"access_token": "token-nobody"}), 422, "invalid_fields") == ["access_token"]
    assert api.patch(path, {"access_token": "token-globex"}).get_json()["pylon_account_id"] == "org-globex"
    refused(api.patch(path, {"access_token": "token-acme"}), 409, "pylon_organisation_differs")
    answer = api.patch(path, {"access_token": None})
    assert answer.get_json()["pylon_account_id"] == "org-globex"
    assert "access_token" not in secrets_of(database, answer.get_json()["id"])


def test_a_new_token_ends_the_need_to_reconnect(api: Api, database: Database, alice: Tenant) -> None:
    identity = add_integration(database, alice.workspace_id, state="needs_reconnect", state_reason="invalid_api_token")
    answer = api.patch(f"/integrations/{identity}", {"access_token": "token-globex"})
    assert (answer.get_json()["state"], answer.get_json()["state_reason"]) == ("active", None)


def test_configuration_is_replaced_but_for_what_the_server_manages(api: Api, database: Database, alice: Tenant) -> None:
    before = {"slack_url": "https://acme.slack.com/", "slack_capture": "all"}
    identity = add_integration(database, alice.workspace_id, "slack", config=before)
    wanted = {"slack_channels": [{"id": "C01", "name": "acme", "capture": "asked"}, {"id": "C02"}]}
    answer = api.patch(f"/integrations/{identity}", {"name": " Sales ", "is_active": False, "config": wanted})
    shown = answer.get_json()
    assert (shown["name"], shown["is_active"], shown["config"]) == ("Sales", False, wanted)
    with database.read() as session:
        assert session.get_one(Integration, identity).config == wanted | {"slack_url": "https://acme.slack.com/"}


@pytest.mark.parametrize("body", [{"name": None}, {"is_active": None}, {"config": None}, {"config": {"x": 1}}])
def test_only_secrets_can_be_null(api: Api, body: dict[str, Any]) -> None:
    refused(api.patch(f"/integrations/{connect(api)['id']}", body), 422, "invalid_fields")


def test_slacks_credentials_come_from_slack(api: Api, database: Database, alice: Tenant) -> None:
    identity = add_integration(database, alice.workspace_id, "slack")
    answer = api.patch(f"/integrations/{identity}", {"access_token": "xoxb-1", "webhook_secret": None})
    assert refused(answer, 422, "invalid_fields") == ["access_token", "webhook_secret"]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({}, None),
        ({"refresh_problem": "slack_unavailable"}, "slack_unavailable"),
        ({"refresh_problem": "slack_rotation_off"}, None),
        ({"state": "needs_reconnect", "state_reason": "invalid_refresh_token"}, "invalid_refresh_token"),
    ],
)
def test_how_a_token_fares(
    api: Api, database: Database, alice: Tenant, columns: dict[str, str], problem: str | None
) -> None:
    times = {"token_expires_at": NOW + timedelta(hours=11), "refreshed_at": NOW - timedelta(hours=1)}
    row = add_integration(database, alice.workspace_id, "slack", **times, **columns)
    shown = api.get(f"/integrations/{row}").get_json()
    assert shown["token_expires_at"] == "2026-11-20T21:00:00Z"
    assert shown["token_refreshed_at"] == "2026-11-20T09:00:00Z"
    assert shown["token_problem"] == problem


def test_disconnecting_wipes_secrets_once(api: Api, database: Database, clock: StillClock) -> None:
    identity = connect(api, access_token="token-globex")["id"]
    assert api.delete(f"/integrations/{identity}").status_code == 204
    clock.advance(hours=1)
    assert api.delete(f"/integrations/{identity}").status_code == 204
    shown = api.get(f"/integrations/{identity}").get_json()
    assert (shown["state"], shown["state_reason"]) == ("disconnected", "disconnected_by_admin")
    assert secrets_of(database, identity) == {}
    refused(api.patch(f"/integrations/{identity}", {"is_active": True}), 409, "integration_disconnected")
    with database.read() as session:
        actions = [entry.action for entry in session.query(AuditEntry).order_by(AuditEntry.id)]
    assert sorted(actions) == ["integration.connected", "integration.disconnected"]


def test_changes_are_audited_without_values(api: Api, database: Database, alice: Tenant) -> None:
    identity = connect(api, webhook_secret="top-secret")["id"]
    api.patch(f"/integrations/{identity}", {"webhook_secret": "newer-secret"})
    with database.read() as session:
        entries = session.query(AuditEntry).all()
    assert {entry.action for entry in entries} == {"integration.connected", "integration.changed"}
    assert {entry.actor_id for entry in entries} == {alice.user_id}
    assert {entry.target_id for entry in entries} == {identity}
    assert "secret" not in str([entry.details.get("platform") for entry in entries])
    assert "newer" not in str([entry.details for entry in entries])


def test_no_secret_is_ever_shown_again(api: Api) -> None:
    own = connect(api, webhook_secret="sesame-1", header_secret="sesame-2", access_token="token-globex")
    generated = connect(api)
    key = generated["webhook_url"].rpartition("/")[2]
    answers = [
        api.get("/integrations").text,
        api.patch(f"/integrations/{own['id']}", {"header_secret": "sesame-3"}).text,
    ]
    answers += [api.get(f"/integrations/{connected['id']}").text for connected in (own, generated)]
    for secret in ("sesame", "token-globex", generated["header_secret"], key):
        assert all(secret not in answer for answer in answers)


def test_the_list_is_paged(api: Api, clock: StillClock) -> None:
    made = []
    for _ in range(3):
        made.append(connect(api)["id"])
        clock.advance(minutes=1)
    first = api.get("/integrations", limit=2).get_json()
    second = api.get("/integrations", limit=2, cursor=first["next_cursor"]).get_json()
    assert [item["id"] for item in first["items"] + second["items"]] == made[::-1]
    assert second["next_cursor"] is None


def test_a_change_of_a_state_that_is_over_is_refused(api: Api, database: Database, alice: Tenant) -> None:
    path = f"/integrations/{add_integration(database, alice.workspace_id)}"
    etag = api.get(path).headers["ETag"]
    with database.write() as session:
        session.query(Integration).one().last_used_at = NOW  # what happens by itself makes nobody late
    for name, status in (("First", 200), ("Second", 412)):
        answer = api.call("PATCH", path, json={"name": name}, headers={"If-Match": etag})
        assert answer.status_code == status
    assert api.get(path).get_json()["name"] == "First"


def test_a_digest_goes_to_no_channel_that_others_read(api: Api, database: Database, alice: Tenant) -> None:
    slack = add_integration(database, alice.workspace_id, "slack")
    with database.write() as session:
        shared = {"is_member": True, "is_ext_shared": True}
        session.add(DirectoryEntry(integration_id=slack, kind="channel", ref="C0EXT", name="ext-globex", facts=shared))
    refused = api.patch(f"/integrations/{slack}", {"config": {"slack_digest": {"channel_id": "C0EXT"}}})
    assert refused.status_code == 422
    assert refused.get_json()["errors"][0]["field"] == "config.slack_digest.channel_id"
    taken = api.patch(f"/integrations/{slack}", {"config": {"slack_digest": {"channel_id": "C0TEAM", "hour": 7}}})
    assert taken.get_json()["config"]["slack_digest"] == {"channel_id": "C0TEAM", "hour": 7}


def test_a_refused_pylon_token_shows_until_another_is_given(api: Api, database: Database) -> None:
    path = f"/integrations/{connect(api, access_token='token-globex')['id']}"
    with database.write() as session:
        session.query(Integration).one().note_token_problem("pylon_token_refused", NOW)
    shown = api.get(path).get_json()
    assert (shown["state"], shown["token_problem"]) == ("active", "pylon_token_refused")
    assert shown["token_problem_since"] == "2026-11-20T10:00:00Z"
    shown = api.patch(path, {"access_token": "token-globex"}).get_json()
    assert (shown["token_problem"], shown["token_problem_since"]) == (None, None)
