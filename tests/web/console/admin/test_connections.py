"""Integrations and webhook keys as an admin sees them."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from core.digests import Digester
from db import AuditEntry, Integration, SlackApp, WebhookKey
from pipeline.installations.audiences import remember
from tests.web.console.admin.conftest import Rooms, secrets_on


def integration_of(rooms: Rooms, identity: str) -> Integration:
    with rooms.database.read() as session:
        return session.get_one(Integration, identity)


def add(rooms: Rooms, platform: str = "pylon", **values: object) -> str:
    with rooms.database.write() as session:
        row = Integration(workspace_id=rooms.made.workspace_id, platform=platform, name="Support", **values)
        session.add(row)
    return row.id


def test_a_key_is_made_shown_once_and_never_again(rooms: Rooms, digester: Digester) -> None:
    key, secret, key_id, workspace_id, address = secrets_on(rooms.submit("/webhook-keys", name=" Zapier "))
    assert (workspace_id, address) == (rooms.made.workspace_id, "http://localhost/webhooks/signals")
    with rooms.database.read() as session:
        row = session.get_one(WebhookKey, key_id)
        assert (row.name, row.api_key, row.secret) == ("Zapier", digester.digest("webhook_key", key), secret)
    later = rooms.browser.get("/webhook-keys").text
    assert "Zapier" in later
    assert row.api_key_hint in later
    assert key not in later
    assert secret not in later


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_a_key_without_a_good_name_is_not_made(rooms: Rooms, name: str) -> None:
    answer = rooms.submit("/webhook-keys", name=name)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert "No keys yet" in answer.text


def test_rotating_and_deleting_ask_first(rooms: Rooms) -> None:
    secret, key_id = secrets_on(rooms.submit("/webhook-keys", name="Zapier"))[1:3]
    path = f"/webhook-keys/{key_id}"
    assert "24 more hours" in rooms.text(f"{path}/rotate")
    [fresh] = secrets_on(rooms.submit(f"{path}/rotate", confirmed="1"))
    with rooms.database.read() as session:
        row = session.get_one(WebhookKey, key_id)
        assert (row.secret, row.previous_secret) == (fresh, secret)
    assert "The old secret works until 21 Nov 2026" in rooms.text("/webhook-keys")
    assert rooms.submit(f"{path}/deactivate", confirmed="1").location == "/webhook-keys"
    assert "Deactivated" in rooms.text("/webhook-keys")
    rooms.submit(f"{path}/activate")
    assert "cannot be undone" in rooms.text(f"{path}/delete")
    with rooms.database.read() as session:
        assert session.get_one(WebhookKey, key_id).is_active
    assert rooms.submit(f"{path}/delete", confirmed="1").status_code == 303
    assert rooms.browser.get(f"{path}/delete").status_code == 404


def test_cards_tell_of_health(rooms: Rooms) -> None:
    now = rooms.clock()
    with rooms.database.write() as session:
        session.add(SlackApp(id="app_1", client_id="1.2", client_secret="s", signing_secret="t"))
    add(rooms, "slack", slack_app_id="app_1", slack_team_id="T1", slack_team_name="Acme HQ", last_used_at=now,
        token_expires_at=now + timedelta(hours=9), refreshed_at=now, config={"slack_capture": "all"})  # fmt: skip
    add(rooms, state="needs_reconnect", state_reason="pylon_token_refused")
    rooms.clock.advance(minutes=5)
    text = rooms.text("/integrations")
    for words in ("Acme HQ Listening Heard 5 min ago", "Token ends 20 Nov 2026, 19:00 UTC · refreshed 5 min ago",
                  "Captures everybody's words in all shared channels", "Needs reconnecting"):  # fmt: skip
        assert words in text
    assert text.index("Needs reconnecting") < text.index("Acme HQ")


def test_pausing_and_disconnecting(rooms: Rooms) -> None:
    identity = add(rooms, header_secret="sesame")
    path = f"/integrations/{identity}"
    rooms.submit(f"{path}/pause", confirmed="1")
    assert not integration_of(rooms, identity).is_active
    assert "Resume" in rooms.text("/integrations")
    rooms.submit(f"{path}/resume")
    assert "Signals that were captured stay" in rooms.text(f"{path}/disconnect")
    assert integration_of(rooms, identity).state == "active"
    assert rooms.submit(f"{path}/disconnect", confirmed="1").location == "/integrations"
    assert integration_of(rooms, identity).state == "disconnected"
    answer = rooms.submit(f"{path}/resume")
    assert (answer.status_code, "disconnected" in answer.text) == (409, True)


def test_slacks_capture_is_a_form(rooms: Rooms) -> None:
    identity = add(rooms, "slack", config={"slack_url": "https://acme.slack.com/", "slack_capture": "asked"})
    path = f"/integrations/{identity}"
    chosen = rooms.page(path).select_one("option[selected]")
    assert chosen is not None
    assert chosen["value"] == "asked"
    assert rooms.submit(path, name="Slack", slack_capture="external").location == "/integrations"
    kept = {"slack_url": "https://acme.slack.com/", "slack_capture": "external"}
    assert integration_of(rooms, identity).config == kept
    wrong = rooms.submit(path, name="Slack", slack_capture="loud")
    assert (wrong.status_code, 'role="alert"' in wrong.text) == (422, True)
    assert integration_of(rooms, identity).config == kept


def test_channels_are_picked_one_by_one(rooms: Rooms) -> None:
    identity = add(rooms, "slack", config={"slack_url": "https://acme.slack.com/"})
    path = f"/integrations/{identity}"
    assert "all are heard that are shared with another company" in rooms.text(path)
    assert rooms.submit(f"{path}/channels", id="C01", name=" #globex-acme ").location == f"{path}#channels"
    rooms.submit(f"{path}/channels", id="C02", capture="asked")
    rooms.submit(f"{path}/channels", id="C01", name="globex-acme", capture="all")
    assert integration_of(rooms, identity).config == {
        "slack_url": "https://acme.slack.com/",
        "slack_channels": [{"id": "C02", "capture": "asked"}, {"id": "C01", "name": "globex-acme", "capture": "all"}],
    }
    text = rooms.text(path)
    assert "#globex-acme C01 Everybody’s words Remove #globex-acme" in text
    assert "C02 Only what is asked for" in text
    assert "Captures words of customers in 2 picked channels" in rooms.text("/integrations")
    rooms.submit(f"{path}/channels/C01/remove", confirmed="1")
    assert "It is the last one picked" in rooms.text(path)
    rooms.submit(f"{path}/channels/C02/remove", confirmed="1")
    rooms.submit(f"{path}/channels/C02/remove", confirmed="1")
    assert integration_of(rooms, identity).config["slack_channels"] == []
    with rooms.database.read() as session:
        assert session.query(AuditEntry).filter_by(action="integration.changed", target_id=identity).count() == 5


@pytest.mark.parametrize(
    "fields", [{}, {"id": "<b>"}, {"id": "C01", "capture": "loud"}, {"id": "C01", "name": "x" * 201}]
)
def test_what_is_no_channel_is_said_on_the_form(rooms: Rooms, fields: dict[str, str]) -> None:
    identity = add(rooms, "slack")
    answer = rooms.submit(f"/integrations/{identity}/channels", **fields)
    assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)
    assert "<b>" not in answer.text
    assert integration_of(rooms, identity).config == {}


def test_a_thousand_channels_are_enough_and_pylon_has_none(rooms: Rooms) -> None:
    picked = [{"id": f"C{number}"} for number in range(1000)]
    identity = add(rooms, "slack", config={"slack_channels": picked})
    assert rooms.submit(f"/integrations/{identity}/channels", id="C1", capture="all").status_code == 303
    assert rooms.submit(f"/integrations/{identity}/channels", id="C1000").status_code == 422
    assert rooms.submit(f"/integrations/{add(rooms)}/channels", id="C1").status_code == 404


def test_what_a_slack_connection_does_not_hear_is_said(rooms: Rooms) -> None:
    with rooms.database.write() as session:
        session.add(SlackApp(id="app_1", client_id="1.2", client_secret="s", signing_secret="t"))
    path = f"/integrations/{add(rooms, 'slack', slack_app_id='app_1', slack_team_id='T1')}"
    assert "Slack tells only one of them" in rooms.text(path)
    assert "authorizations:read" in rooms.text(path)
    with rooms.database.write() as session:
        session.get_one(SlackApp, "app_1").app_token = "xapp-1"
    assert "authorizations:read" not in rooms.text(path)
    with rooms.database.write() as session:
        now = rooms.clock()
        remember(session, ("app_1", "C1"), [], seen=None, now=now)
    assert "Slack refuses this app's app-level token" in rooms.text(path)


def test_acts_are_written_down_with_the_person(rooms: Rooms) -> None:
    rooms.submit("/webhook-keys", name="Zapier")
    with rooms.database.read() as session:
        entry = session.query(AuditEntry).filter_by(action="webhook_key.created").one()
    assert (entry.actor_id, entry.details) == (rooms.made.user_id, {"name": "Zapier"})
    assert "Webhook key created by owner@acme.example" in rooms.text("/audit-log")


def test_another_workspaces_rows_do_not_exist(rooms: Rooms, open_rooms: Callable[..., Rooms]) -> None:
    identity = add(rooms)
    key_id = secrets_on(rooms.submit("/webhook-keys", name="Elephant"))[2]
    other = open_rooms("Other")
    for path in (f"/integrations/{identity}", f"/integrations/{identity}/disconnect", f"/webhook-keys/{key_id}/rotate",
                 f"/webhook-keys/{key_id}/delete"):  # fmt: skip
        assert other.browser.get(path).status_code == 404, path
        assert other.submit(path, name="Mine", confirmed="1").status_code == 404, path
    for path in (f"/integrations/{identity}/pause", f"/webhook-keys/{key_id}/deactivate"):
        assert other.submit(path, confirmed="1").status_code == 404, path
    assert "Support" not in other.text("/integrations")
    assert "Elephant" not in other.text("/webhook-keys")
