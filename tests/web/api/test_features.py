"""What a Slack connection can do: with which scopes, and what installing it again would bring."""

import pytest

from db import Database
from integrations.slack.scopes import FEATURES
from tests.web.api.conftest import PUBLIC_URL, Api, Tenant
from tests.web.api.rows import add_integration
from web.services import Services


@pytest.fixture(autouse=True)
def slack_features(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of the real Slack app."""
    services: Services = api.client.application.extensions["signalbox"]
    object.__setattr__(services, "slack_features", FEATURES)


def test_what_was_granted_is_enabled_and_the_rest_is_offered(api: Api, database: Database, alice: Tenant) -> None:
    identity = add_integration(database, alice.workspace_id, "slack", scopes=["channels:history", "groups:history"])
    answer = api.get(f"/integrations/{identity}/features").get_json()
    enabled = {each["name"]: each["is_enabled"] for each in answer["items"]}
    assert enabled["public_channels"]
    assert enabled["private_channels"]
    assert enabled["lifecycle"], "costs nothing"
    assert not enabled["people"]
    assert answer["offer"].startswith("Reinstall to enable ")
    assert FEATURES["people"].sentence in answer["offer"]
    assert FEATURES["public_channels"].sentence not in answer["offer"]
    assert answer["install_url"] == f"{PUBLIC_URL}/slack/install?workspace={alice.workspace_id}"


def test_with_all_scopes_nothing_is_offered(api: Api, database: Database, alice: Tenant) -> None:
    identity = add_integration(database, alice.workspace_id, "slack", scopes=[*FEATURES.scopes])
    answer = api.get(f"/integrations/{identity}/features").get_json()
    assert (answer["offer"], {each["is_enabled"] for each in answer["items"]}) == (None, {True})


@pytest.mark.parametrize(("platform", "state"), [("pylon", "active"), ("slack", "disconnected")])
def test_other_connections_have_nothing_to_reinstall(
    api: Api, database: Database, alice: Tenant, platform: str, state: str
) -> None:
    identity = add_integration(database, alice.workspace_id, platform, state=state)
    assert api.get(f"/integrations/{identity}/features").get_json() == {"items": [], "offer": None, "install_url": None}
