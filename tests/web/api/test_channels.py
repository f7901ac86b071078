"""The channels of a connection: listed by name, searched, listed anew and joined."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.errors import StepFailed
from db import AuditEntry, Database, DirectoryEntry, Duty, Integration
from tests.conftest import NOW
from tests.web.api.conftest import Api, Rooms, Tenant
from tests.web.api.rows import add_integration


@pytest.fixture
def slack(database: Database, alice: Tenant) -> str:
    integration = add_integration(
        database, alice.workspace_id, "slack", access_token="xoxb-1",
        config={"slack_channels": [{"id": "C3", "capture": "all"}, {"id": "C2", "auto": True}]},
    )  # fmt: skip
    rows: tuple[tuple[str, str, dict[str, bool]], ...] = (
        ("C1", "random", {}),
        ("C2", "ext-acme", {"is_member": True}),
        ("C3", "ext-globex", {"is_private": True}),
    )
    with database.write() as session:
        for ref, name, facts in rows:
            session.add(
                DirectoryEntry(
                    integration_id=integration, kind="channel", ref=ref, name=name, facts=facts, fetched_at=NOW
                )
            )
        session.add(Duty(integration_id=integration, kind="slack.channels", scope="", due_at=NOW + timedelta(hours=1)))
        session.add(Duty(integration_id=integration, kind="slack.reconcile", scope="C3", complete_until=NOW))
    return integration


def items(api: Api, slack: str, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (api.get(f"/integrations/{slack}/channels", **query).json or {})["items"]
    return found


def test_channels_come_by_name_with_what_is_known_of_them(api: Api, slack: str) -> None:
    acme, globex, random = items(api, slack)
    assert [each["name"] for each in (acme, globex, random)] == ["ext-acme", "ext-globex", "random"]
    assert (acme["is_captured"], acme["auto"], acme["is_member"], acme["complete_until"]) == (True, True, True, None)
    assert (globex["is_captured"], globex["capture"], globex["auto"]) == (True, "all", False)
    assert globex["complete_until"] == "2026-11-20T10:00:00Z"
    assert (random["is_captured"], random["capture"]) == (False, None)


def test_paging_and_searching(api: Api, slack: str) -> None:
    names: list[str] = []
    cursor = ""
    for _ in range(3):
        page = api.get(f"/integrations/{slack}/channels", limit=1, cursor=cursor).json or {}
        names += [each["name"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert names == ["ext-acme", "ext-globex", "random"]
    assert not cursor
    assert [each["name"] for each in items(api, slack, q="#EXT")] == ["ext-acme", "ext-globex"]
    assert items(api, slack, q="%") == []
    assert api.get(f"/integrations/{slack}/channels", cursor="nonsense").status_code == 422


def test_listing_anew_makes_the_duty_due(api: Api, database: Database, slack: str, woken: list[str]) -> None:
    assert api.post(f"/integrations/{slack}/channels/refresh").status_code == 204
    with database.read() as session:
        assert session.get_one(Duty, (slack, "slack.channels", "")).due_at == NOW
    assert woken == ["channels"]


def test_joining_a_public_channel(api: Api, database: Database, slack: str, rooms: Rooms) -> None:
    assert api.post(f"/integrations/{slack}/channels/C1/join").status_code == 204
    assert rooms.joined == ["C1 with xoxb-1"]
    assert next(each for each in items(api, slack) if each["id"] == "C1")["is_member"] is True
    with database.read() as session:
        assert session.scalars(select(AuditEntry.action)).all() == ["channel.joined"]


def test_what_cannot_be_joined_is_told(api: Api, slack: str, rooms: Rooms) -> None:
    private = api.post(f"/integrations/{slack}/channels/C3/join").json or {}
    assert (private["code"], "/invite @Signalbox" in private["detail"]) == ("channel_private", True)
    assert api.post(f"/integrations/{slack}/channels/C9/join").status_code == 404
    rooms.failure = StepFailed("slack_scope_missing", permanent=True)
    refused = api.post(f"/integrations/{slack}/channels/C1/join")
    assert (refused.status_code, (refused.json or {})["code"]) == (424, "slack_scope_missing")


@pytest.mark.parametrize("patterns", [["ext *"], ["[a-z]"], [""], ["x" * 81], ["a"] * 21])
def test_a_pattern_that_means_nothing_is_refused(api: Api, slack: str, patterns: list[str]) -> None:
    answer = api.patch(f"/integrations/{slack}", {"config": {"slack_autolink": patterns}})
    assert answer.status_code == 422
    assert (answer.json or {})["errors"][0]["field"].startswith("config.slack_autolink")


def test_a_channel_that_is_added_is_imported_as_configured(api: Api, slack: str) -> None:
    config = {"slack_autolink": ["Ext-*"], "slack_import_days": 30, "slack_channels": [{"id": "C1"}, {"id": "C3"}]}
    changed = api.patch(f"/integrations/{slack}", {"config": config}).json or {}
    assert changed["config"]["slack_autolink"] == ["ext-*"]
    (ordered,) = (api.get("/imports").json or {})["items"]
    assert (ordered["channel_id"], ordered["channel_name"], ordered["since"]) == (
        "C1",
        "random",
        "2026-10-21T10:00:00Z",
    )


def test_another_workspace_sees_and_joins_nothing(bobs_api: Api, database: Database, slack: str, rooms: Rooms) -> None:
    assert bobs_api.get(f"/integrations/{slack}/channels").status_code == 404
    assert bobs_api.post(f"/integrations/{slack}/channels/C1/join").status_code == 404
    assert bobs_api.post(f"/integrations/{slack}/channels/refresh").status_code == 404
    assert rooms.joined == []
    with database.read() as session:
        assert session.get_one(Integration, slack).config["slack_channels"][0]["id"] == "C3"
