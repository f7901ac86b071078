from datetime import UTC, datetime

import httpx
import pytest

from core.signatures import equals_any, hmac_sha256_hex, timestamp_problem
from core.taming import JsonObject, Tame
from sandbox import slack_events
from sandbox.cast import Cast
from sandbox.errors import SandboxError
from sandbox.slack import SlackStandIn
from sandbox.slack_events import SlackFile
from sandbox.slack_world import SlackTeam
from tests.sandbox.conftest import Installer
from tests.sandbox.receiver import Receiver


@pytest.fixture
def hello(slack: SlackStandIn, cast: Cast) -> JsonObject:
    channel, author = cast.channels["kestrel-tidewater"], cast.users["marta"]
    return slack_events.message(channel, author, "Hello", slack.next_ts())


def test_the_signature_verifies(
    slack: SlackStandIn, cast: Cast, installer: Installer, receiver: Receiver, hello: JsonObject
) -> None:
    installer.install()
    answer = slack.deliver(slack.event(hello, team=cast.home))

    assert answer.status_code == 200
    (received,) = receiver.received
    timestamp = received.headers["x-slack-request-timestamp"]
    assert timestamp_problem(timestamp, datetime.now(UTC)) is None
    expected = "v0=" + hmac_sha256_hex("signing", f"v0:{timestamp}:".encode() + received.body)
    assert equals_any([expected], received.headers["x-slack-signature"])
    assert received.headers["content-type"] == "application/json"
    assert "x-slack-retry-num" not in received.headers


def test_a_customers_message_is_addressed_to_the_installed_team(
    slack: SlackStandIn, cast: Cast, installer: Installer, hello: JsonObject
) -> None:
    granted = installer.exchange(code=installer.code())
    kestrel = cast.users["marta"].team_id

    payload = slack.event(hello, team=cast.home)

    assert payload["authorizations"] == [
        {
            "enterprise_id": None,
            "team_id": cast.home.id,
            "user_id": granted["bot_user_id"],
            "is_bot": True,
            "is_enterprise_install": False,
        }
    ]
    assert payload["team_id"] == kestrel
    assert payload["is_ext_shared_channel"] is True
    assert {"event_id", "event_time", "event_context", "api_app_id"} <= payload.keys()
    inner = Tame(payload).object("event")
    assert (inner.text("team"), inner.text("user_team"), inner.text("source_team")) == (kestrel,) * 3
    assert inner.object("user_profile").text("real_name") == "Marta Olsen"


def test_an_organisation_wide_installation_names_no_team(slack: SlackStandIn, installer: Installer) -> None:
    team = SlackTeam(id="T0ORG", name="Org", domain="org", enterprise_id="E0ORG", enterprise_name="Org", org_wide=True)
    slack.world = type(slack.world)(teams=(team,), users=(), channels=())

    granted = installer.exchange(code=installer.code())
    payload = slack.event(slack_events.app_uninstalled(), team=team)

    assert (granted["team"], granted["is_enterprise_install"]) == (None, True)
    assert granted["enterprise"] == {"id": "E0ORG", "name": "Org"}
    (authorization,) = Tame(payload).objects("authorizations")
    assert (authorization.text("enterprise_id"), authorization.text("team_id")) == ("E0ORG", None)


def test_nothing_is_sent_to_strangers(slack: SlackStandIn, cast: Cast, hello: JsonObject) -> None:
    with pytest.raises(SandboxError):
        slack.event(hello, team=cast.home)


def test_edits_and_deletions_name_the_original(slack: SlackStandIn, hello: JsonObject) -> None:
    later = slack.next_ts()
    changed = Tame(slack_events.message_changed(hello, "Hello there", later))
    deleted = Tame(slack_events.message_deleted(hello, later))

    assert (changed.text("subtype"), changed.flag("hidden")) == ("message_changed", True)
    message = changed.object("message")
    assert (message.text("ts"), message.text("text")) == (hello["ts"], "Hello there")
    assert message.object("edited").text("ts") == later == changed.text("ts")
    assert changed.object("previous_message").text("text") == "Hello"
    assert (deleted.text("deleted_ts"), deleted.object("previous_message").text("ts")) == (hello["ts"], hello["ts"])
    assert float(later) > float(str(hello["ts"]))


def test_files_bots_joins_and_replies_look_as_they_do(slack: SlackStandIn, cast: Cast) -> None:
    channel, tom = cast.channels["blue-harbor-tidewater"], cast.users["tom"]
    ts = slack.next_ts()
    shared = slack_events.file_share(channel, tom, "See", ts, SlackFile("a.png", "image/png", 9))
    robot = slack_events.bot_message(channel, cast.home.id, "Deploys", "8.14", ts)
    joined = slack_events.channel_join(channel, tom, ts, inviter=cast.users["sam"])
    reply = slack_events.message(channel, tom, "Yes", ts, thread_ts="1.000001")

    assert (shared["subtype"], [f.text("name") for f in Tame(shared).objects("files")]) == ("file_share", ["a.png"])
    assert "subtype" not in robot
    assert Tame(robot).object("bot_profile").text("id") == robot["bot_id"]
    assert (joined["subtype"], joined["inviter"]) == ("channel_join", cast.users["sam"].id)
    assert reply["thread_ts"] == "1.000001"


def test_retries_follow_failures(
    slack: SlackStandIn, cast: Cast, installer: Installer, receiver: Receiver, hello: JsonObject
) -> None:
    installer.install()
    receiver.statuses = [503, 500, 200]
    waits: list[float] = []

    answer = slack.deliver(slack.event(hello, team=cast.home), retries=3, wait=waits.append)

    assert answer.status_code == 200
    assert waits == [0, 60]
    assert [r.headers.get("x-slack-retry-num") for r in receiver.received] == [None, "1", "2"]
    assert receiver.received[1].headers["x-slack-retry-reason"] == "http_error"
    assert len({received.body for received in receiver.received}) == 1


def test_no_retry_is_honoured(
    slack: SlackStandIn, cast: Cast, installer: Installer, receiver: Receiver, hello: JsonObject
) -> None:
    installer.install()
    receiver.statuses, receiver.answer_headers = [500], {"x-slack-no-retry": "1"}

    assert slack.deliver(slack.event(hello, team=cast.home), retries=3).status_code == 500
    assert len(receiver.received) == 1


def test_no_answer_at_all_is_raised(slack: SlackStandIn, cast: Cast, installer: Installer, hello: JsonObject) -> None:
    installer.install()
    slack.send_events_to("http://127.0.0.1:9/slack/events")

    with pytest.raises(httpx.TransportError):
        slack.deliver(slack.event(hello, team=cast.home), retries=1)
