"""The manifest asks Slack for what the code uses, and for nothing else."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from integrations.slack.capture import KINDS
from integrations.slack.envelope import EFFECTS
from integrations.slack.scopes import BOT_EVENTS, BOT_SCOPES

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT.parent / "shared" / "data" / "slack-manifest.schema.json"
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text())
SETTINGS = MANIFEST["settings"]


@pytest.mark.skipif(not SCHEMA.is_file(), reason="the schema of Slack's manifests is not at hand")
def test_slack_would_accept_it() -> None:
    jsonschema.validate(MANIFEST, json.loads(SCHEMA.read_text()))


def test_events_and_scopes_are_those_of_the_code() -> None:
    assert SETTINGS["event_subscriptions"]["bot_events"] == list(BOT_EVENTS)
    assert MANIFEST["oauth_config"]["scopes"] == {"bot": list(BOT_SCOPES)}
    assert "user_events" not in SETTINGS["event_subscriptions"]


def test_every_subscribed_event_is_understood() -> None:
    """``message.channels`` subscribes to events whose type is ``message``."""
    arriving = {"message" if event.startswith("message.") else event for event in BOT_EVENTS}
    assert arriving <= KINDS.keys()
    assert arriving >= EFFECTS


def test_every_scope_is_paid_for_by_an_event() -> None:
    assert set(BOT_SCOPES) == {scope for scope in BOT_EVENTS.values() if scope}
    assert len(BOT_SCOPES) == len(set(BOT_SCOPES))


def test_addresses_are_the_routes_below_the_placeholder() -> None:
    events = "https://signalbox.example.com/slack/events"
    assert SETTINGS["event_subscriptions"]["request_url"] == events
    assert SETTINGS["interactivity"] == {"is_enabled": True, "request_url": events}
    assert MANIFEST["oauth_config"]["redirect_urls"] == [
        "https://signalbox.example.com/slack/oauth_redirect",
        "https://signalbox.example.com/sign-in/slack/callback",
    ]


def test_tokens_rotate_and_irreversible_switches_are_off() -> None:
    assert SETTINGS["token_rotation_enabled"] is True
    assert MANIFEST["oauth_config"]["pkce_enabled"] is False
    assert SETTINGS["socket_mode_enabled"] is False
    assert SETTINGS["org_deploy_enabled"] is False


def test_the_description_is_long_enough_for_slack() -> None:
    assert 175 <= len(MANIFEST["display_information"]["long_description"]) <= 4000
