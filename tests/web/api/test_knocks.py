"""What an admin is told of the last deliveries: how their checks went, what became of them, what to fix."""

from datetime import timedelta
from typing import Any

import pytest

from db import Database, Knock
from tests.conftest import NOW
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import add_event, add_integration, add_receipt, add_signal

WELL = ["header_ok", "signature_ok", "issue_id_ok"]


def add_knock(database: Database, integration_id: str, findings: list[str] = WELL, **values: Any) -> str:
    moment = NOW - timedelta(minutes=values.pop("minutes", 0))
    with database.write() as session:
        knock = Knock(integration_id=integration_id, findings=findings, created_at=moment, **values)
        session.add(knock)
    return knock.id


def listed(api: Api, identity: str, **query: Any) -> list[dict[str, Any]]:
    answer = api.get(f"/integrations/{identity}/knocks", **query)
    assert answer.status_code == 200, answer.get_json()
    items: list[dict[str, Any]] = answer.get_json()["items"]
    return items


@pytest.fixture
def door(database: Database, alice: Tenant) -> str:
    return add_integration(database, alice.workspace_id)


@pytest.mark.parametrize(
    ("state", "reason", "receipt", "metadata", "told"),
    [
        ("pending", None, None, None, ("waiting", None, None)),
        ("pending", "pylon_rate_limited", None, None, ("waiting", "pylon_rate_limited", "Pylon asked for a pause.")),
        ("failed", "pylon_not_found", None, None, ("failed", "pylon_not_found", "The token cannot read this issue")),
        ("failed", "pylon_token_refused", {"outcome": "failed", "reason": "pylon_token_refused"}, None,
         ("failed", "pylon_token_refused", "Pylon refuses the API token")),
        ("ignored", "thin_body_without_token", {"outcome": "ignored", "reason": "thin_body_without_token"}, None,
         ("ignored", "thin_body_without_token", "The body holds ids only: add an API token")),
        ("processed", None, {"outcome": "ignored", "reason": "integration_paused"}, None,
         ("ignored", "integration_paused", "The connection is paused")),
        ("processed", None, {"outcome": "captured"}, {}, ("hydrated", None, None)),
        ("processed", None, {"outcome": "captured"}, {"limited": True}, ("limited", None, None)),
        ("processed", None, {"outcome": "handled", "reason": "unchanged"}, None, ("hydrated", "unchanged", None)),
    ],
)  # fmt: skip
def test_what_became_of_a_delivery(
    api: Api, database: Database, alice: Tenant, *, door: str, state: str, reason: str | None,
    receipt: dict[str, Any] | None, metadata: dict[str, Any] | None, told: tuple[Any, ...],
) -> None:  # fmt: skip
    event = add_event(database, integration_id=door, state=state, reason=reason)
    if metadata is not None:
        signal = add_signal(database, alice.workspace_id, source="pylon", source_metadata=metadata)
        receipt = (receipt or {}) | {"signal_id": signal}
    if receipt is not None:
        add_receipt(database, event, alice.workspace_id, **receipt)
    add_knock(database, door, event_id=event)

    (item,) = listed(api, door)
    assert (item["outcome"], item["reason"], item["event_id"]) == (*told[:2], event)
    assert (item["fix"] or "").startswith(told[2] or "")
    assert (item["fix"] is None) == (told[2] is None)
    assert [check["about"] for check in item["checks"]] == ["Header", "Signature", "Issue"]
    assert all(check["is_well"] for check in item["checks"])


def test_in_limited_mode_nothing_counts_as_hydrated(api: Api, database: Database, alice: Tenant) -> None:
    """Also what brought no words, but told of the issue's state."""
    made = api.post("/integrations", {"platform": "pylon", "name": "Support"}).get_json()
    event = add_event(database, integration_id=made["id"], state="processed")
    add_receipt(database, event, alice.workspace_id, outcome="handled", reason="state_change_only")
    add_knock(database, made["id"], event_id=event)
    (item,) = listed(api, made["id"])
    assert (item["outcome"], item["reason"]) == ("limited", "state_change_only")
    assert item["fix"].startswith("Nothing to fix: it tells of a change")


@pytest.mark.parametrize(
    ("findings", "refusal", "fix"),
    [
        (["header_missing", "signature_ok"], "token_missing", "Add the custom header to Pylon's webhook"),
        (["header_ok", "signature_wrong"], "signature_mismatch", "Paste the webhook's signing secret again"),
        (["signature_unused"], "not_configured", "The connection has no secret"),
        (["a_check_of_another_version"], "token_mismatch", ""),
    ],
)
def test_why_a_delivery_was_refused(
    api: Api, database: Database, door: str, *, findings: list[str], refusal: str, fix: str
) -> None:
    add_knock(database, door, findings, refusal=refusal)
    (item,) = listed(api, door)
    assert (item["outcome"], item["reason"], item["event_id"]) == ("refused", refusal, None)
    assert (item["fix"] or "").startswith(fix)


def test_what_is_wrong_with_the_body_is_told_though_it_was_stored(api: Api, database: Database, door: str) -> None:
    event = add_event(database, integration_id=door, state="ignored", reason="no_issue_id")
    add_knock(database, door, ["header_ok", "unresolved_variable", "issue_id_missing"], event_id=event)
    (item,) = listed(api, door)
    assert (item["outcome"], item["reason"]) == ("ignored", "no_issue_id")
    assert item["fix"] == "A {{variable}} was left unresolved: take it from Pylon's picker."


def test_they_come_newest_first_in_pages_and_outlive_their_events(api: Api, database: Database, door: str) -> None:
    made = [add_knock(database, door, minutes=minutes) for minutes in (2, 1, 0)][::-1]
    first = api.get(f"/integrations/{door}/knocks", limit=2).get_json()
    second = api.get(f"/integrations/{door}/knocks", limit=2, cursor=first["next_cursor"]).get_json()
    assert [item["id"] for item in first["items"] + second["items"]] == made
    assert {item["outcome"] for item in first["items"]} == {"forgotten"}
    assert second["next_cursor"] is None


def test_nobody_else_is_told(api: Api, bobs_api: Api, database: Database, door: str) -> None:
    add_knock(database, door)
    assert bobs_api.get(f"/integrations/{door}/knocks").status_code == 404
    assert api.get("/integrations/int_unknown/knocks").status_code == 404
