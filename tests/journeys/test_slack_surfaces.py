"""Stories of people who look at Signalbox from within Slack, over real HTTP; nothing of it reaches a shared channel."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from core.taming import JsonObject
from sandbox import slack_events
from sandbox.cast import Cast
from sandbox.slack_surfaces import Desktop, form_of
from tests.journeys.site import Site, Tenant, eventually
from tests.journeys.test_sign_in import Person
from tests.journeys.test_slack_asking import CAPTURE

WHY = "why_captured"


@pytest.fixture(autouse=True)
def only_our_channels(site: Site, cast: Cast) -> Any:
    """Whatever a story posts, it posts where only our company reads."""
    site.slack.written.clear()
    site.slack.screens.opened.clear()
    site.slack.screens.homes.clear()
    yield
    assert {shown["channel"] for _, shown in site.slack.posted()} <= {cast.channels["support-desk"].id}


def test_why_not_captured(site: Site, cast: Cast, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    shared = cast.channels["kestrel-tidewater"]
    ours = write(site, cast, "kestrel-tidewater", "jonas", "On it!")
    theirs = write(site, cast, "kestrel-tidewater", "marta", "The export stops.")
    eventually(tenant.signals)
    (signal,) = tenant.signals()
    jonas = desktop(site, cast, "jonas")
    never = slack_events.message(shared, cast.users["marta"], "Before our time.", "1600000000.000100")
    told = []
    for message in (ours, theirs, never):
        assert site.slack.interact(form_of(jonas.shortcut(WHY, shared, message))).text == ""
        told.append(str(site.slack.screens.opened[-1].view))
    assert "Not captured" in told[0]
    assert "people outside the company only" in told[0]
    assert "A0BOX" in told[0]
    assert f"/signals/{signal['id']}" in told[1]
    assert "never received it" in told[2]
    assert "/invite" in told[2]
    assert site.slack.interact(form_of(desktop(site, cast, "marta").shortcut(WHY, shared, ours))).text == ""
    assert len(site.slack.screens.opened) == 3, "a customer is shown nothing"


def test_a_guest_of_our_team_is_shown_nothing_and_captures_nothing(site: Site, cast: Cast, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    shared, sam = cast.channels["kestrel-tidewater"], cast.users["sam"]
    others = tuple(user for user in cast.world.users if user.id != sam.id)
    site.slack.world = replace(site.slack.world, users=(*others, replace(sam, is_guest=True)))
    said = write(site, cast, "kestrel-tidewater", "marta", "The export stops.")
    (signal,) = eventually(tenant.signals)
    for shortcut in (WHY, CAPTURE):
        assert site.slack.interact(form_of(desktop(site, cast, "sam").shortcut(shortcut, shared, said))).text == ""
        shown = site.slack.screens.opened[-1].view
        assert "people of the company" in str(shown)
        assert signal["id"] not in str(shown)
        assert "submit" not in shown
    site.slack.fail_next("users.info", error="missing_scope", status=200)
    site.slack.interact(form_of(desktop(site, cast, "priya").shortcut(WHY, shared, said)))
    assert signal["id"] not in str(site.slack.screens.opened[-1].view), "whom nobody vouches for is shown nothing"


def test_the_command(site: Site, cast: Cast, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    said = write(site, cast, "kestrel-tidewater", "marta", "The export stops at 1,000 rows.")
    eventually(tenant.signals)
    jonas = desktop(site, cast, "jonas")
    assert "Sign in with Slack" in ask(site, jonas, cast, "search export"), "no member yet"
    sign_in_with_slack(site, tenant)
    assert "1,000 rows" in ask(site, jonas, cast, "search export")
    assert "No signal says" in ask(site, jonas, cast, "search zebra")
    assert "Connected" in ask(site, jonas, cast, "status")
    link = f"https://acme.slack.com/archives/{said['channel']}/p{str(said['ts']).replace('.', '')}"
    assert "Captured" in ask(site, jonas, cast, f"why {link}")
    assert "Copy link" in ask(site, jonas, cast, "why me")
    for text in ("", "help", "dance", "search", "why", "\u0000 ٣ ``` <!channel>", "search " + "x" * 5000):
        assert '"response_type": "ephemeral"' in ask(site, jonas, cast, text)
    marta = ask(site, desktop(site, cast, "marta"), cast, "search export")
    assert "rows" not in marta


def test_the_home_page_and_its_switches(site: Site, cast: Cast, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    write(site, cast, "kestrel-tidewater", "marta", "The export stops.")
    eventually(tenant.signals)
    jonas, home = cast.users["jonas"], site.slack.screens.homes
    opened: JsonObject = {
        "type": "app_home_opened",
        "user": jonas.id,
        "channel": "D0HOME",
        "tab": "home",
        "event_ts": "1.1",
    }
    deliver(site, cast, opened)
    eventually(lambda: jonas.id in home)
    assert "The export stops" not in str(home[jonas.id]), "no member yet"
    sign_in_with_slack(site, tenant)
    deliver(site, cast, opened)
    eventually(lambda: "The export stops" in str(home[jonas.id]))
    assert "home_digest_channel" in str(home[jonas.id]), "who made the workspace administers it"
    person = desktop(site, cast, "jonas")
    internal, shared = cast.channels["support-desk"], cast.channels["kestrel-tidewater"]
    assert site.slack.interact(form_of(person.press(pick("home_digest_channel", shared.id)))).status_code == 200
    eventually(lambda: "nobody outside your company" in str(home[jonas.id]))
    assert "slack_digest" not in configuration(tenant)
    site.slack.interact(form_of(person.press(pick("home_digest_channel", internal.id))))
    eventually(lambda: "slack_digest" in configuration(tenant))
    assert configuration(tenant)["slack_digest"] == {
        "channel_id": internal.id,
        "channel_name": internal.name,
        "hour": 8,
    }
    eventually(lambda: "nobody outside your company" not in str(home[jonas.id]))
    on: JsonObject = {"action_id": "home_hear", "type": "button", "value": f"{internal.id} {internal.name}"}
    site.slack.interact(form_of(person.press(on)))
    assert configuration(tenant)["slack_channels"] == [{"id": internal.id, "name": internal.name, "auto": True}]
    eventually(lambda: f"*#{internal.name}*" in str(home[jonas.id]))
    actions = [entry["action"] for entry in tenant.get("audit-log")["items"]]
    assert actions.count("integration.changed") == 2
    stranger = desktop(site, cast, "sam")
    site.slack.interact(form_of(stranger.press(on | {"value": "C0EVIL evil"})))
    assert "C0EVIL" not in str(configuration(tenant))


def test_links_are_unfurled_only_where_our_people_read(site: Site, cast: Cast, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    write(site, cast, "kestrel-tidewater", "marta", "The export stops.")
    (signal,) = eventually(tenant.signals)
    sign_in_with_slack(site, tenant)
    url = f"{site.base_url}/signals/{signal['id']}"
    other = site.tenant("Other")
    foreign = other.post("webhook-keys", {"name": "k"})
    assert foreign["id"]
    for channel, user in (("kestrel-tidewater", "jonas"), ("support-desk", "sam"), ("support-desk", "jonas")):
        links: list[Any] = [{"domain": urlsplit(url).hostname, "url": url}]
        deliver(
            site, cast, {"type": "link_shared", "channel": cast.channels[channel].id, "user": cast.users[user].id,
                         "message_ts": site.slack.next_ts(), "links": links, "event_ts": site.slack.next_ts()},
        )  # fmt: skip
    shown = eventually(lambda: [each for method, each in site.slack.written if method == "chat.unfurl"])
    eventually(lambda: [event for event in tenant.get("events")["items"] if event["type"] == "link_shared"][2:])
    assert [each["channel"] for each in shown] == [cast.channels["support-desk"].id]
    assert "The export stops" in str(json.loads(shown[0]["unfurls"])[url])


def ask(site: Site, person: Desktop, cast: Cast, text: str) -> str:
    answer = site.slack.interact(person.command("/signalbox", text, cast.channels["support-desk"]))
    assert answer.status_code == 200
    return answer.text


def pick(action: str, channel: str) -> JsonObject:
    return {"type": "conversations_select", "action_id": action, "selected_conversation": channel}


def configuration(tenant: Tenant) -> dict[str, Any]:
    config: dict[str, Any] = tenant.get("integrations")["items"][0]["config"]
    return config


def sign_in_with_slack(site: Site, tenant: Tenant) -> None:
    """Who made the workspace connects the account of the team's first person, as the account page does."""
    owner = Person(site)
    assert owner.http.get(tenant.sign_in_url).url.path == "/"
    assert owner.post("/account/identities/slack").url.path == "/account"
    owner.http.close()


def desktop(site: Site, cast: Cast, person: str) -> Desktop:
    return site.slack.desktop(cast.users[person], place=cast.home)


def write(site: Site, cast: Cast, channel: str, author: str, text: str) -> JsonObject:
    said = slack_events.message(cast.channels[channel], cast.users[author], text, site.slack.next_ts())
    deliver(site, cast, said)
    return said


def deliver(site: Site, cast: Cast, event: JsonObject) -> None:
    assert site.slack.deliver(site.slack.event(event, team=cast.home)).status_code == 200
