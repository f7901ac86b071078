"""Ordering, watching and cancelling imports."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from db import AuditEntry, Database, DirectoryEntry, Import
from tests.conftest import NOW
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import add_import, add_integration

SINCE = "2026-10-21T10:00:00Z"

FAST = {"page_size": 500, "pace_seconds": 2.0, "seconds_per_thousand": 4}
SLOW = {"page_size": 15, "pace_seconds": 60.0, "seconds_per_thousand": 4020}


@pytest.fixture
def slack(database: Database, alice: Tenant) -> str:
    picked = {"slack_channels": [{"id": "C2"}, {"id": "C1"}]}
    return add_integration(database, alice.workspace_id, "slack", config=picked)


@pytest.fixture
def tenants(alice: Tenant, bob: Tenant) -> tuple[Tenant, Tenant]:
    return alice, bob


def test_ordering_one_channel(api: Api, database: Database, slack: str, woken: list[str]) -> None:
    with database.write() as session:
        session.add(DirectoryEntry(integration_id=slack, kind="channel", ref="C9", name="ext-globex"))
    made = api.post("/imports", {"integration_id": slack, "channel_id": "C9", "since": SINCE})
    assert made.status_code == 201
    assert made.json is not None
    told = {name: made.json[name] for name in ("state", "channel_id", "channel_name", "since", "until", "progress")}
    assert told == {
        "state": "pending", "channel_id": "C9", "channel_name": "ext-globex", "since": SINCE,
        "until": "2026-11-20T10:00:00Z", "progress": 0.0,
    }  # fmt: skip
    assert made.json["paces"] == [FAST, SLOW], "which of them is known after the first answer"
    assert woken == ["backfill"]
    assert api.get(f"/imports/{made.json['id']}").json == made.json
    assert api.get("/imports").json == {"items": [made.json], "next_cursor": None}
    with database.read() as session:
        assert session.scalars(select(AuditEntry.action)).all() == ["import.ordered"]
        assert session.get_one(Import, made.json["id"]).due_at == NOW


def test_ordering_every_captured_channel(api: Api, database: Database, slack: str) -> None:
    made = api.post("/imports", {"integration_id": slack, "since": SINCE})
    assert made.json is not None
    assert made.json["channel_id"] is None
    with database.read() as session:
        cursor = session.get_one(Import, made.json["id"]).cursor
    assert cursor == {"channel": "C1", "left": ["C2"], "channels": 2}


def test_without_picked_channels_it_is_the_shared_ones_that_the_app_is_in(
    api: Api, database: Database, alice: Tenant
) -> None:
    slack = add_integration(database, alice.workspace_id, "slack")
    order = {"integration_id": slack, "since": SINCE}
    refused = api.post("/imports", order)
    assert (refused.status_code, (refused.json or {})["errors"][0]["field"]) == (422, "channel_id")
    with database.write() as session:
        for ref, facts in (
            ("C1", {"is_ext_shared": True, "is_member": True}),
            ("C2", {"is_ext_shared": True, "is_member": False}),
            ("C3", {"is_ext_shared": False, "is_member": True}),
            ("C4", {"is_ext_shared": True, "is_member": True, "is_archived": True}),
        ):
            session.add(DirectoryEntry(integration_id=slack, kind="channel", ref=ref, facts=facts))
    made = api.post("/imports", order)
    assert made.json is not None
    with database.read() as session:
        assert session.get_one(Import, made.json["id"]).cursor == {"channel": "C1", "left": [], "channels": 1}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"since": "tomorrow"}, "since"),
        ({"since": "2027-01-01T00:00:00Z"}, "since"),
        ({}, "since"),
        ({"since": SINCE, "channel_id": "not a channel"}, "channel_id"),
        ({"since": SINCE, "until": SINCE}, "until"),
    ],
)
def test_a_wrong_field_is_named(api: Api, slack: str, body: dict[str, str], field: str) -> None:
    answer = api.post("/imports", {"integration_id": slack, **body})
    assert answer.status_code == 422
    assert [error["field"] for error in (answer.json or {})["errors"]] == [field]


def test_a_platform_without_a_past_and_a_connection_that_is_gone_are_refused(
    api: Api, database: Database, alice: Tenant
) -> None:
    desk = add_integration(database, alice.workspace_id, "desk")
    gone = add_integration(database, alice.workspace_id, "slack", state="disconnected")
    answers = [api.post("/imports", {"integration_id": each, "since": SINCE}).json or {} for each in (desk, gone)]
    assert [answer["code"] for answer in answers] == ["invalid_fields", "integration_disconnected"]


def test_of_pylon_all_is_imported_as_there_are_no_channels(api: Api, database: Database, alice: Tenant) -> None:
    order = {"integration_id": add_integration(database, alice.workspace_id, access_token="token"), "since": SINCE}
    refused = api.post("/imports", order | {"channel_id": "C1"}).json or {}
    assert [error["field"] for error in refused["errors"]] == ["channel_id"]
    made = api.post("/imports", order).json or {}
    assert (made["state"], made["channel_id"], made["progress"]) == ("pending", None, 0.0)
    assert (api.post("/imports", order).json or {})["code"] == "import_running"
    with database.read() as session:
        assert session.get_one(Import, made["id"]).cursor == {"channel": "", "left": [], "channels": 1}


def test_without_a_token_nothing_of_pylon_can_be_imported(api: Api, database: Database, alice: Tenant) -> None:
    limited = add_integration(database, alice.workspace_id)
    refused = api.post("/imports", {"integration_id": limited, "since": SINCE}).json or {}
    assert [(error["field"], "API token" in error["message"]) for error in refused["errors"]] == [
        ("integration_id", True)
    ]


def test_the_same_is_imported_once_at_a_time(api: Api, slack: str) -> None:
    order = {"integration_id": slack, "channel_id": "C1", "since": SINCE}
    first = api.post("/imports", order).json or {}
    assert (api.post("/imports", order).json or {})["code"] == "import_running"
    assert api.post("/imports", order | {"channel_id": "C2"}).status_code == 201
    api.post(f"/imports/{first['id']}/cancel")
    assert api.post("/imports", order).status_code == 201


def test_cancelling_holds_at_once_and_twice(api: Api, database: Database, alice: Tenant, slack: str) -> None:
    import_id = add_import(database, alice.workspace_id, slack, state="running", lease_token="lea_1")
    for _ in range(2):
        answer = api.post(f"/imports/{import_id}/cancel").json or {}
        assert (answer["state"], answer["finished_at"]) == ("cancelled", "2026-11-20T10:00:00Z")
    with database.read() as session:
        row = session.get_one(Import, import_id)
        assert (row.due_at, row.lease_token) == (None, None)
    done = add_import(database, alice.workspace_id, slack, state="done", due_at=None)
    assert (api.post(f"/imports/{done}/cancel").json or {})["code"] == "import_ended"


def test_how_it_stands_is_told_roughly(api: Api, database: Database, alice: Tenant, slack: str) -> None:
    import_id = add_import(
        database, alice.workspace_id, slack, state="running", channel_id="C1", requests_made=5, requests_expected=20,
        pace_seconds=60.0, page_size=15, reached_at=NOW - timedelta(days=7), due_at=NOW + timedelta(seconds=60),
    )  # fmt: skip
    told = api.get(f"/imports/{import_id}").json or {}
    assert (told["progress"], told["expected_end_at"]) == (0.25, "2026-11-20T10:15:01Z")
    assert told["paces"] == [SLOW]


def test_an_earlier_import_tells_what_to_expect(
    api: Api, bobs_api: Api, database: Database, tenants: tuple[Tenant, Tenant], slack: str
) -> None:
    alice, bob = tenants
    order = {"integration_id": slack, "channel_id": "C1", "since": SINCE}
    wide = {"page_size": 500, "pace_seconds": 2.0}
    add_import(database, alice.workspace_id, slack, state="done", due_at=None, messages_seen=99, **wide)
    assert (api.post("/imports", order).json or {})["paces"] == [FAST, SLOW], "so few tell nothing of a limit"
    narrow = {"page_size": 15, "pace_seconds": 60.0}
    add_import(database, alice.workspace_id, slack, state="done", due_at=None, messages_seen=100, **narrow)
    made = api.post("/imports", order | {"channel_id": "C2"}).json or {}
    assert (made["paces"], made["page_size"]) == ([SLOW], None), "expected, and not believed"
    theirs = add_integration(database, bob.workspace_id, "slack")
    other = bobs_api.post("/imports", order | {"integration_id": theirs}).json or {}
    assert other["paces"] == [FAST, SLOW]
