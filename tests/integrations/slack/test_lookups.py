"""What Slack tells when asked, over the stand-in's Web API."""

from collections.abc import Iterator

import pytest

from core.adapter import Access
from core.errors import StepFailed
from core.signal import Lookup
from integrations.slack import lookups
from integrations.slack.lookups import lookup_client
from sandbox import slack_events
from sandbox.app import create_sandbox
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from sandbox.slack import SlackApp, SlackStandIn
from sandbox.slack_world import SlackChannel, SlackTeam, SlackUser, SlackWorld
from tests.conftest import MemoryPauses

TEAMS = tuple(SlackTeam(id=f"T{number}", name=f"Team {number}", domain=f"team{number}") for number in range(5))
GRID = SlackTeam(id="T9", name="Nine", domain="nine", enterprise_id="E9", enterprise_name="Nine Inc", org_wide=True)
USER = SlackUser(id="U1", team_id="T1", name="Una One")
GUEST = SlackUser(id="U2", team_id="T0", name="Gil Guest", is_guest=True)
STRANGER = SlackUser(id="U3", team_id="T2", name="Sven Stranger", is_stranger=True)
CHANNEL = SlackChannel(id="C1", name="ext-one", team_ids=("T0", "T1", "T2", "T3", "T9"))
ASKING = Access("xapp-1", owner="app_1")


@pytest.fixture
def slack() -> SlackStandIn:
    app = SlackApp(client_id="1.2", client_secret="s", signing_secret="t", api_app_id="A1", app_token="xapp-1")
    return SlackStandIn(app, SlackWorld(teams=(*TEAMS, GRID), users=(USER, GUEST, STRANGER), channels=(CHANNEL,)))


@pytest.fixture
def url(slack: SlackStandIn) -> Iterator[str]:
    with SandboxServer(create_sandbox(slack, PylonStandIn("Acme"))) as server:
        yield server.slack_api_url


def install(slack: SlackStandIn, team: SlackTeam) -> str:
    code = slack.grants.approve(team, installer_id="U0", scopes=(), client_id="1.2", redirect_uri="")
    return slack.grants.redeem(code, client_id="1.2", redirect_uri="")[1].access


def context(slack: SlackStandIn) -> str:
    return str(slack.event(slack_events.message(CHANNEL, USER, "hello", "1.0"), team=TEAMS[0])["event_context"])


def test_an_audience_is_everybody_in_the_channel_over_all_pages(
    slack: SlackStandIn, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups, "PAGE", 2)
    for team in (TEAMS[0], TEAMS[2], TEAMS[4], GRID):
        install(slack, team)
    told = lookup_client(url, MemoryPauses()).fetch(Lookup("audience", context(slack)), ASKING)
    assert told == {
        "accounts": [
            {"enterprise_id": None, "team_id": "T0"},
            {"enterprise_id": None, "team_id": "T2"},
            {"enterprise_id": "E9", "team_id": None},
        ]
    }
    assert slack.calls("apps.event.authorizations.list") == 2


@pytest.mark.parametrize(
    ("token", "event_context", "reason"),
    [("xapp-other", "", "slack_scope_missing"), ("xapp-1", "4-unknown", "slack_request_refused")],
)
def test_an_audience_that_slack_does_not_tell(
    slack: SlackStandIn, url: str, token: str, event_context: str, reason: str
) -> None:
    install(slack, TEAMS[0])
    asked = Lookup("audience", event_context or context(slack))
    with pytest.raises(StepFailed) as refusal:
        lookup_client(url, MemoryPauses()).fetch(asked, Access(token, owner="app_1"))
    assert (refusal.value.reason, refusal.value.permanent) == (reason, True)


def test_people_teams_and_channels_as_the_connection_sees_them(slack: SlackStandIn, url: str) -> None:
    client, access = lookup_client(url, MemoryPauses()), Access(install(slack, TEAMS[0]), owner="int_1")
    assert client.fetch(Lookup("user", "U1"), access) == {"name": "Una One", "team_id": "T1", "is_guest": False}
    assert client.fetch(Lookup("user", "U2"), access)["is_guest"] is True
    assert client.fetch(Lookup("user", "U3"), access)["is_guest"] is True, "a stranger"
    assert client.fetch(Lookup("team", "T1"), access) == {"name": "Team 1", "domain": "team1"}
    channel = client.fetch(Lookup("channel", "C1"), access)
    assert (channel["name"], channel["is_ext_shared"], channel["is_archived"]) == ("ext-one", True, False)


@pytest.mark.parametrize(
    ("lookup", "reason"),
    [
        (Lookup("user", "U404"), "slack_user_not_found"),
        (Lookup("team", "T4"), "slack_team_not_found"),
        (Lookup("channel", "C404"), "slack_channel_not_found"),
    ],
)
def test_what_slack_does_not_know_is_said(slack: SlackStandIn, url: str, lookup: Lookup, reason: str) -> None:
    access = Access(install(slack, TEAMS[0]), owner="int_1")
    with pytest.raises(StepFailed, match=reason) as refusal:
        lookup_client(url, MemoryPauses()).fetch(lookup, access)
    assert refusal.value.permanent


def test_a_pause_of_one_connection_is_not_anothers(slack: SlackStandIn, url: str) -> None:
    client = lookup_client(url, MemoryPauses())
    one, other = (Access(install(slack, TEAMS[n]), owner=f"int_{n}") for n in (0, 1))
    slack.fail_next("users.info", retry_after=40)
    for _ in range(2):
        with pytest.raises(StepFailed) as refusal:
            client.fetch(Lookup("user", "U1"), one)
        assert refusal.value.retry_after == 40
    assert client.fetch(Lookup("user", "U1"), other)["name"] == "Una One"
    assert slack.calls("users.info") == 2


def test_an_unheard_of_question_is_a_bug(url: str) -> None:
    with pytest.raises(StepFailed, match="slack_lookup_unknown"):
        lookup_client(url, MemoryPauses()).fetch(Lookup("weather", "T1"), ASKING)
