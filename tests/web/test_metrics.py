"""Figures for Prometheus: who may see them, what they count, and that strangers cannot multiply them."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError

from core.adapter import Access
from core.digests import Digester
from core.errors import StepFailed
from db import Database, Duty, Integration, Workspace
from integrations.slack.client import SlackClient
from pipeline.pauses import StoredPauses
from tests.conftest import NOW, StillClock
from tests.web.api.rows import add_event, add_import, add_integration, add_receipt
from tests.web.whole import whole_web

TOKEN = "scrape me"


@pytest.fixture
def client(database: Database, digester: Digester, clock: StillClock) -> FlaskClient:
    return whole_web(database, digester, clock, metrics_token=TOKEN).test_client()


def figures(client: FlaskClient) -> dict[tuple[str, frozenset[Any]], float]:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def figure(client: FlaskClient, name: str, *labels: str) -> float:
    return figures(client)[f"signalbox_{name}", frozenset(labels)]


def workspace(database: Database) -> str:
    with database.write() as session:
        row = Workspace(name="Acme", slug="acme")
        session.add(row)
    return row.id


def test_only_who_knows_the_token_sees_them(
    client: FlaskClient, database: Database, digester: Digester, clock: StillClock
) -> None:
    for header in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"Authorization": "Bearer \xff"}):
        refused = client.get("/metrics", headers=header)
        assert (refused.status_code, refused.get_json()["code"]) == (401, "metrics_token_mismatch")
    without = whole_web(database, digester, clock).test_client()
    assert without.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_the_rows_tell_of_the_work(client: FlaskClient, database: Database) -> None:
    workspace_id = workspace(database)
    door = add_integration(database, workspace_id)
    for late, lane in ((120, "decide"), (60, "decide"), (-60, "complete")):
        add_event(database, integration_id=door, lane=lane, due_at=NOW - timedelta(seconds=late), minutes=1)
    add_event(database, integration_id=door, state="failed")
    add_receipt(database, add_event(database, integration_id=door, state="processed"), workspace_id)
    assert figure(client, "database_up") == 1
    assert figure(client, "backlog_events", "decide") == 2
    assert figure(client, "backlog_age_seconds", "decide") == 120
    assert (figure(client, "backlog_events", "complete"), figure(client, "backlog_age_seconds", "complete")) == (1, 0)
    assert figure(client, "recent_events", "pylon", "failed") == 1
    assert figure(client, "recent_events", "pylon", "captured") == 1
    assert figure(client, "recent_events", "pylon", "pending") == 3
    assert figure(client, "integrations", "pylon", "active") == 1


def test_tokens_that_are_refused_show(client: FlaskClient, database: Database) -> None:
    door = add_integration(database, workspace(database))
    assert not [name for name, _ in figures(client) if "token_problems" in name]
    with database.write() as session:
        session.get_one(Integration, door).note_token_problem("pylon_token_refused", NOW)
    assert figure(client, "token_problems", "pylon", "pylon_token_refused") == 1


def test_imports_and_duties_that_are_due_show(client: FlaskClient, database: Database, clock: StillClock) -> None:
    assert (figure(client, "due_work", "import"), figure(client, "due_work_age_seconds", "import")) == (0, 0)
    workspace_id = workspace(database)
    slack = add_integration(database, workspace_id, "slack")
    add_import(database, workspace_id, slack, due_at=NOW - timedelta(seconds=90))
    add_import(database, workspace_id, slack, due_at=NOW + timedelta(seconds=30))
    add_import(database, workspace_id, slack, due_at=None, state="done")
    with database.write() as session:
        for scope, late in (("C1", 20), ("C2", 10), ("C3", -10)):
            due_at = NOW - timedelta(seconds=late)
            session.add(Duty(integration_id=slack, kind="slack.reconcile", scope=scope, due_at=due_at))
    assert (figure(client, "due_work", "import"), figure(client, "due_work_age_seconds", "import")) == (1, 90)
    kind = "slack.reconcile"
    assert (figure(client, "due_work", kind), figure(client, "due_work_age_seconds", kind)) == (2, 20)
    clock.advance(seconds=60)
    assert (figure(client, "due_work", "import"), figure(client, "due_work", kind)) == (2, 3)


def test_requests_are_counted_by_route_and_strangers_make_no_new_ones(client: FlaskClient) -> None:
    client.get("/livez")
    before = len(figures(client))
    for number in range(30):
        client.open(f"/{number}", method=f"ODD{number}")
        client.post(f"/webhooks/odd{number}/key{number}")
    seen = figures(client)
    assert seen["signalbox_request_duration_seconds_count", frozenset({"GET", "/livez", "2xx"})] == 1
    assert seen["signalbox_request_duration_seconds_count", frozenset({"other", "unmatched", "4xx"})] == 30
    assert seen["signalbox_inbound_requests_total", frozenset({"unknown", "refused"})] == 30
    assert len(seen) <= before + 4 * 15


def test_doors_are_counted_by_platform_and_outcome(client: FlaskClient) -> None:
    assert client.post("/webhooks/signals", json={}).status_code == 401
    assert client.post("/webhooks/pylon/nobodys", json={}).status_code == 401
    assert client.post("/webhooks/signals", data=b"x" * 2_000_000).status_code == 413
    for platform, outcome, count in (("webhook", "refused", 1), ("pylon", "refused", 1), ("webhook", "invalid", 1)):
        assert figure(client, "inbound_requests_total", platform, outcome) == count


def test_without_its_database_a_server_still_tells_that(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("SELECT", {}, ConnectionError("gone"), connection_invalidated=True)

    monkeypatch.setattr("sqlalchemy.orm.Session.scalar", away)
    seen = figures(client)
    assert seen["signalbox_database_up", frozenset()] == 0
    assert not [name for name, _ in seen if "backlog" in name]


def test_calls_to_platforms_and_their_pauses_show(client: FlaskClient, database: Database, clock: StillClock) -> None:
    pauses = StoredPauses(database, clock)
    pauses.pause("int_1", "conversations.history", 30)
    assert figure(client, "platform_pauses", "conversations.history") == 1
    with pytest.raises(StepFailed):
        SlackClient("http://127.0.0.1:1/", pauses).call("conversations.history", Access("xoxb-1", owner="int_1"))
    assert figure(client, "platform_calls_total", "slack", "conversations.history", "slack_rate_limited") == 1
    clock.advance(seconds=31)
    assert ("signalbox_platform_pauses", frozenset({"conversations.history"})) not in figures(client)
