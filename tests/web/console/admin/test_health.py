"""Token health on a connection's page."""

from datetime import datetime, timedelta

import pytest

from db import DirectoryEntry, Integration, IntegrationConfig, SlackApp, SlackLearned
from tests.conftest import NOW
from tests.web.console.admin.conftest import Rooms

REFRESHED = NOW - timedelta(hours=1)


def slack(rooms: Rooms, **values: object) -> str:
    fresh = {
        "access_token": "xoxe.xoxb-secret", "refresh_token": "xoxe-1-secret", "refreshed_at": REFRESHED,
        "token_expires_at": NOW + timedelta(hours=11, minutes=20), "refresh_due_at": NOW + timedelta(hours=8),
        "slack_team_id": "T0HOME", "created_at": NOW - timedelta(days=30),
    }  # fmt: skip
    with rooms.database.write() as session:
        app = session.query(SlackApp).first() or SlackApp(client_id="1.2", client_secret="s", signing_secret="t")
        session.add(app)
        session.flush()
        place = {"workspace_id": rooms.made.workspace_id, "platform": "slack", "name": "Acme", "slack_app_id": app.id}
        row = Integration(**place, **(fresh | values))
        session.add(row)
    return f"/integrations/{row.id}"


def test_a_token_that_is_well(rooms: Rooms) -> None:
    page = rooms.text(slack(rooms))
    assert "ends in 11 h 20 min" in page
    assert "1 h ago" in page
    assert "in 8 h 0 min" in page
    assert "Last failure" not in page
    assert "Add to Slack again" in page
    assert "xox" not in page


def test_a_refresh_that_failed_says_why_and_what_happens(rooms: Rooms) -> None:
    problem = {"refresh_problem": "slack_unavailable", "refresh_attempts": 3, "refresh_due_at": NOW}
    page = rooms.browser.get(slack(rooms, **problem)).text
    assert "Slack did not answer. It is tried again." in page
    assert "<code>slack_unavailable</code>" in page
    assert "within a minute; the last 3 attempts failed" in page
    assert 'role="alert"' not in page


def test_who_needs_reconnecting_is_told_and_gets_the_button(rooms: Rooms) -> None:
    dead = {"state": "needs_reconnect", "state_reason": "invalid_refresh_token", "refresh_due_at": None}
    page = rooms.browser.get(slack(rooms, **dead)).text
    assert "is not renewed any more; what is left of it works until 20 Nov 2026, 21:20 UTC" in page
    assert "ends in" not in page
    assert "Add the app to Slack once more." in page
    assert "<code>invalid_refresh_token</code>" in page
    assert 'role="alert"' in page
    assert ">Reconnect</a>" in page
    assert "/slack/install?workspace=" in page


@pytest.mark.parametrize("problem", ["slack_not_told", "unheard_of"])
def test_a_disconnected_one_says_what_was_left_undone(rooms: Rooms, problem: str) -> None:
    ended = {"state": "disconnected", "access_token": None, "token_expires_at": None, "refresh_problem": problem}
    page = rooms.browser.get(slack(rooms, **ended)).text
    assert ("Remove it in Slack too" in page) is (problem == "slack_not_told")
    assert f"<code>{problem}</code>" in page
    assert "The connection has ended: no channel is heard until it is connected again." in page
    assert "all are heard" not in page
    assert "Pick a channel" not in page


def test_tokens_without_an_end_are_well(rooms: Rooms) -> None:
    page = rooms.text(slack(rooms, token_expires_at=None, refresh_problem="slack_rotation_off"))
    assert "does not end" in page
    assert "Last failure" not in page


def test_limits_channels_teams_and_migrations(rooms: Rooms) -> None:
    learned = {"left": {"C1": NOW.timestamp(), "C2": NOW.timestamp()}, "teams": {"T1": True, "T2": False}}
    config = {"slack_channels": [{"id": "C1", "name": "ext-acme"}], "slack_learned": learned}
    told = {"slack_team_id": None, "slack_enterprise_id": "E1", "state_reason": "grid_migration"}
    path = slack(rooms, config=config, **told)
    with rooms.database.write() as session:
        of = session.query(Integration).one().id
        session.add(DirectoryEntry(integration_id=of, kind="channel", ref="C2", name="kestrel", fetched_at=NOW))
    hold_back(rooms, NOW - timedelta(hours=2))
    page = rooms.text(path)
    assert "held this team’s events back" in page
    assert "#ext-acme (since" in page
    assert "#kestrel (since" in page
    assert "1 of the organisation’s teams let the app in: T1" in page
    assert "is being moved into an organisation" in page
    hold_back(rooms, NOW - timedelta(days=8))
    assert "held this team’s events back" not in rooms.text(path)
    hold_back(rooms, NOW - timedelta(hours=2))
    with rooms.database.write() as session:
        session.query(Integration).one().installed_at = NOW - timedelta(hours=1)
    assert "held this team’s events back" not in rooms.text(path), "it was not there yet"


def test_that_another_team_of_the_app_reached_a_limit_is_not_told(rooms: Rooms) -> None:
    path = slack(rooms)
    with rooms.database.write() as session:
        session.query(SlackApp).one().rate_limited_at = NOW
    assert "events back" not in rooms.text(path)


def hold_back(rooms: Rooms, at: datetime) -> None:
    with rooms.database.write() as session:
        row = session.query(Integration).one()
        learned: SlackLearned = {**row.config["slack_learned"], "held_back": {"minute": at.timestamp()}}
        config: IntegrationConfig = {**row.config, "slack_learned": learned}
        row.config = config


def test_another_platform_has_no_such_part(rooms: Rooms) -> None:
    with rooms.database.write() as session:
        row = Integration(workspace_id=rooms.made.workspace_id, platform="pylon", name="Support")
        session.add(row)
    assert "health-title" not in rooms.text(f"/integrations/{row.id}")
