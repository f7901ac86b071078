from dataclasses import replace

import httpx
import pytest

from core.taming import JsonObject, Tame
from sandbox import slack_events
from sandbox.cast import Cast
from sandbox.server import SandboxServer
from sandbox.slack import SlackStandIn
from tests.sandbox.conftest import Installer
from tests.sandbox.receiver import Receiver


def test_auth_test_tells_what_the_grant_does_not(installer: Installer, cast: Cast) -> None:
    answer = installer.call("auth.test", auth=installer.install())

    assert answer["ok"] is True
    assert answer["team_id"] == cast.home.id
    assert str(answer["bot_id"]).startswith("B0")
    assert answer["expires_in"] == 43200
    assert installer.call("auth.test", auth="xoxb-made-up") == {"ok": False, "error": "invalid_auth"}
    assert installer.call("auth.test") == {"ok": False, "error": "not_authed"}


def test_people_of_shared_channels_can_be_looked_up(installer: Installer, cast: Cast) -> None:
    token = installer.install()
    marta = cast.users["marta"]

    answer = installer.call("users.info", {"user": marta.id}, token)

    person = answer["user"]
    assert isinstance(person, dict)
    assert (person["team_id"], person["real_name"]) == (marta.team_id, "Marta Olsen")
    assert "is_restricted" not in person
    assert installer.call("users.info", {"user": "U0NOBODY"}, token)["error"] == "user_not_found"


def test_teams_see_only_whom_they_share_with(installer: Installer, cast: Cast) -> None:
    kestrel = cast.users["marta"].team_id
    token = installer.install(team=kestrel)

    assert installer.call("team.info", {"team": cast.home.id}, token)["ok"] is True
    harbor = cast.users["elena"]
    assert installer.call("users.info", {"user": harbor.id}, token)["error"] == "user_not_found"
    channel = cast.channels["blue-harbor-tidewater"]
    assert installer.call("conversations.info", {"channel": channel.id}, token)["error"] == "channel_not_found"


def test_channels_come_in_pages(installer: Installer) -> None:
    token, cursor = installer.install(), ""
    names: list[tuple[str | None, bool]] = []
    for _ in range(3):
        page = Tame(installer.call("conversations.list", {"limit": "1", "cursor": cursor}, token))
        names += [(channel.text("name"), channel.flag("is_ext_shared")) for channel in page.objects("channels")]
        cursor = page.object("response_metadata").text("next_cursor") or ""

    assert cursor == ""
    assert names == [("kestrel-tidewater", True), ("blue-harbor-tidewater", True), ("support-desk", False)]


def test_history_shows_what_stands_now(slack: SlackStandIn, cast: Cast, installer: Installer) -> None:
    token = installer.install()
    channel, tom = cast.channels["blue-harbor-tidewater"], cast.users["tom"]
    first, second, gone = (slack_events.message(channel, tom, word, slack.next_ts()) for word in ("1st", "2nd", "3rd"))
    reply = slack_events.message(channel, tom, "re", slack.next_ts(), thread_ts=str(first["ts"]))
    edit = slack_events.message_changed(second, "2nd, edited", slack.next_ts())
    deletion = slack_events.message_deleted(gone, slack.next_ts())
    for event in (first, second, gone, reply, edit, deletion):
        slack.event(event, team=cast.home)

    asked = {"channel": channel.id, "limit": "1"}
    newest = installer.call("conversations.history", asked, token)
    oldest = installer.call("conversations.history", asked | {"cursor": "1"}, token)
    thread = installer.call("conversations.replies", {"channel": channel.id, "ts": str(first["ts"])}, token)
    since = installer.call("conversations.history", {"channel": channel.id, "oldest": str(first["ts"])}, token)

    assert (words(newest), newest["has_more"]) == (["2nd, edited"], True)
    assert (words(oldest), oldest["has_more"]) == (["1st"], False)
    assert words(thread) == ["1st", "re"]
    assert words(since) == ["2nd, edited"]
    assert installer.call("conversations.replies", {"channel": channel.id, "ts": "1.0"}, token)["ok"] is False


def words(answer: JsonObject) -> list[str | None]:
    return [message.text("text") for message in Tame(answer).objects("messages")]


def test_the_app_level_token_learns_every_installation(slack: SlackStandIn, cast: Cast, installer: Installer) -> None:
    slack.app = replace(slack.app, app_token="xapp-1")
    kestrel = cast.users["marta"]
    token = installer.install()
    installer.install(team=kestrel.team_id)
    hello = slack_events.message(cast.channels["kestrel-tidewater"], kestrel, "Hello", slack.next_ts())

    asked = {"event_context": str(slack.event(hello, team=cast.home)["event_context"])}
    answer = installer.call("apps.event.authorizations.list", asked, "xapp-1")

    assert [item.text("team_id") for item in Tame(answer).objects("authorizations")] == [
        cast.home.id,
        kestrel.team_id,
    ]
    assert installer.call("apps.event.authorizations.list", asked, token)["error"] == "not_allowed_token_type"


def test_what_the_app_shows_is_kept(
    slack: SlackStandIn, installer: Installer, http: httpx.Client, server: SandboxServer
) -> None:
    bearer = {"authorization": f"Bearer {installer.install()}"}
    text = {"type": "plain_text", "text": "Hello"}
    home = {"type": "home", "blocks": [{"type": "header", "text": text}]}
    shown = {"user_id": "U0", "view": home}

    assert http.post(server.slack_api_url + "views.publish", json=shown, headers=bearer).json()["ok"] is True
    assert [method for method, _ in slack.written] == ["views.publish"]
    assert slack.screens.homes == {"U0": home}
    assert installer.call("chat.postMessage", {"channel": "C0"})["error"] == "not_authed"


@pytest.mark.parametrize("arguments", [{"limit": "0"}, {"limit": "٣"}, {"cursor": "x"}])
def test_wrong_arguments_are_slacks_errors(installer: Installer, arguments: dict[str, str]) -> None:
    assert installer.call("conversations.list", arguments, installer.install())["ok"] is False
    assert installer.call("conversations.dance")["error"] == "unknown_method"


def test_a_fault_on_order_happens_once(
    slack: SlackStandIn, installer: Installer, http: httpx.Client, server: SandboxServer
) -> None:
    token = installer.install()
    slack.fail_next("auth.test", retry_after=7)
    slack.fail_next("auth.test", error="internal_error", status=200)

    limited = http.post(server.slack_api_url + "auth.test")
    assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
    assert limited.json() == {"ok": False, "error": "ratelimited"}
    assert installer.call("auth.test", auth=token)["error"] == "internal_error"
    assert installer.call("auth.test", auth=token)["ok"] is True


def test_revoking_ends_a_token_and_not_the_installation(
    slack: SlackStandIn, cast: Cast, installer: Installer, receiver: Receiver
) -> None:
    token = installer.install()

    assert installer.call("auth.revoke", {"test": "1"}, token) == {"ok": True, "revoked": False}
    assert installer.call("auth.revoke", auth=token) == {"ok": True, "revoked": True}

    assert installer.call("auth.test", auth=token)["error"] == "token_revoked"
    assert slack.grants.installation(cast.home)
    assert receiver.received == []


def test_uninstalling_ends_everything_and_says_so(
    slack: SlackStandIn, cast: Cast, installer: Installer, receiver: Receiver
) -> None:
    granted = installer.exchange(code=installer.code())
    token = str(granted["access_token"])
    client = {"client_id": "11.22", "client_secret": "client-secret"}

    assert installer.call("apps.uninstall", {"client_id": "11.22"}, token)["error"] == "bad_client_secret"
    assert installer.call("apps.uninstall", client, token) == {"ok": True}
    slack.drain()

    assert installer.call("auth.test", auth=token)["error"] == "account_inactive"
    renewal = {"grant_type": "refresh_token", "refresh_token": str(granted["refresh_token"])}
    assert installer.exchange(**renewal)["error"] == "invalid_refresh_token"
    assert slack.grants.installation(cast.home) is None
    events = [received.json["event"] for received in receiver.received]
    assert events == [
        {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [granted["bot_user_id"]]}},
        {"type": "app_uninstalled"},
    ]
