"""The manifest asks Slack for what the code uses, and for nothing else."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jsonschema
import pytest
import yaml

from integrations.slack.capture import KINDS
from integrations.slack.envelope import EFFECTS
from integrations.slack.interactions import INTERACTIONS
from integrations.slack.scopes import FEATURES
from web.manifest import creation_link, own_manifest, render_manifest

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT.parent / "shared" / "data" / "slack-manifest.schema.json"
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text())
SETTINGS = MANIFEST["settings"]
VARIANTS: dict[str, Any] = {
    "as it is": MANIFEST,
    "over a socket": yaml.safe_load(render_manifest("https://signalbox.example.com", socket_mode=True)),
    "own": own_manifest("https://box.example.com/", "app_1", name="A name that is longer than what Slack allows"),
    "own, over a socket": own_manifest("https://box.example.com", "app_1", socket_mode=True),
}

SCOPE_OF_EVENT: dict[str, str | None] = {
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "app_uninstalled": None,
    "grid_migration_finished": None,
    "grid_migration_started": None,
    "team_access_granted": None,
    "team_access_revoked": None,
    "team_rename": "team:read",
    "channel_created": "channels:read",
    "channel_rename": "channels:read",
    "group_rename": "groups:read",
    "channel_id_changed": "channels:read",
    "channel_left": "channels:read",
    "channel_shared": "channels:read",
    "channel_unshared": "channels:read",
    "group_left": "groups:read",
    "member_joined_channel": "channels:read",
    "member_left_channel": "channels:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "link_shared": "links:read",
    "reaction_added": "reactions:read",
    "tokens_revoked": None,
}
"""What Slack demands for each event: https://docs.slack.dev/reference/events"""


@pytest.mark.skipif(not SCHEMA.is_file(), reason="the schema of Slack's manifests is not at hand")
@pytest.mark.parametrize("variant", ["as it is", "over a socket", "own", "own, over a socket"])
def test_slack_would_accept_it(variant: str) -> None:
    jsonschema.validate(VARIANTS[variant], json.loads(SCHEMA.read_text()))


def test_over_a_socket_it_is_the_same_app_without_addresses_for_requests() -> None:
    over_socket = VARIANTS["over a socket"]
    assert over_socket["settings"]["socket_mode_enabled"] is True
    assert "request_url" not in json.dumps(over_socket)
    for part in ("display_information", "features", "oauth_config"):
        assert json.dumps(over_socket[part]) == json.dumps(_without_urls(MANIFEST[part]))


def test_an_own_app_has_its_own_name_and_path() -> None:
    own = VARIANTS["own"]
    assert own["settings"]["event_subscriptions"]["request_url"] == "https://box.example.com/slack/apps/app_1/events"
    assert own["settings"]["interactivity"]["request_url"] == "https://box.example.com/slack/apps/app_1/events"
    assert "/slack/events" not in json.dumps(own)
    assert own["display_information"]["name"] == own["features"]["bot_user"]["display_name"]
    assert len(own["display_information"]["name"]) == 35


def test_the_link_carries_the_whole_manifest() -> None:
    query = dict(parse_qsl(urlsplit(creation_link(VARIANTS["own"])).query))
    assert query["new_app"] == "1"
    assert json.loads(query["manifest_json"]) == VARIANTS["own"]


def test_events_and_scopes_are_those_of_the_code() -> None:
    assert SETTINGS["event_subscriptions"]["bot_events"] == list(FEATURES.events)
    assert "user_events" not in SETTINGS["event_subscriptions"]
    scopes = MANIFEST["oauth_config"]["scopes"]
    assert scopes["bot"] == list(FEATURES.scopes)
    assert scopes.get("bot_optional", []) == list(FEATURES.optional_scopes)
    assert scopes.keys() <= {"bot", "bot_optional"}


def test_optional_scopes_are_also_listed_as_scopes() -> None:
    """Slack refuses a manifest otherwise: https://docs.slack.dev/reference/app-manifest"""
    assert set(FEATURES.optional_scopes) <= set(FEATURES.scopes)


def test_every_subscribed_event_is_understood() -> None:
    """``message.channels`` subscribes to events whose type is ``message``."""
    arriving = {"message" if event.startswith("message.") else event for event in FEATURES.events}
    assert arriving <= KINDS.keys()
    assert arriving >= EFFECTS - {"app_rate_limited"}, "which comes without a subscription"


def test_every_event_brings_the_scope_that_slack_demands_for_it() -> None:
    for feature in FEATURES:
        assert {SCOPE_OF_EVENT[event] for event in feature.events} <= {*feature.scopes, None}, feature.name


def test_every_feature_says_what_it_is_once() -> None:
    names, sentences = [f.name for f in FEATURES], [f.sentence for f in FEATURES]
    assert len(names) == len(set(names))
    assert len(sentences) == len(set(sentences))
    assert not [sentence for sentence in sentences if sentence.endswith(".") or not sentence.strip()]


def test_every_shortcut_is_answered() -> None:
    offered = {("message_action", each["callback_id"]) for each in MANIFEST["features"]["shortcuts"]}
    assert offered == {key for key in INTERACTIONS if key[0] == "message_action"}
    assert "commands" in FEATURES.scopes


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
    assert SETTINGS["org_deploy_enabled"] is True


def test_the_description_is_long_enough_for_slack() -> None:
    assert 175 <= len(MANIFEST["display_information"]["long_description"]) <= 4000


def _without_urls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_urls(each) for name, each in value.items() if name not in ("url", "request_url")}
    return [_without_urls(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    ("public_url", "domains"),
    [
        ("https://box.acme.example", ["box.acme.example"]),
        ("https://box.acme.example:8443/", ["box.acme.example"]),
        ("http://127.0.0.1:3000", None),
        ("http://localhost:3000", None),
    ],
)
def test_links_are_shown_of_our_own_address_if_slack_can_know_it(public_url: str, domains: list[str] | None) -> None:
    assert yaml.safe_load(render_manifest(public_url))["features"].get("unfurl_domains") == domains
