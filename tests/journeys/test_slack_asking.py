"""Stories of colleagues who ask for a capture in Slack, over real HTTP; nothing is ever posted where customers read."""

import time
from typing import Any

import pytest

from core.taming import JsonObject
from sandbox import slack_events
from sandbox.cast import Cast
from sandbox.slack_surfaces import Desktop, form_of
from tests.journeys.site import Site, Tenant, eventually

CAPTURE = "capture_signal"


@pytest.fixture(autouse=True)
def nothing_is_posted(site: Site, cast: Cast) -> Any:  # a fresh world first
    """No story may post in a channel, not even for one person to see."""
    site.slack.written.clear()
    site.slack.screens.opened.clear()
    yield
    assert site.slack.posted() == []


def test_capture_as_signal(site: Site, cast: Cast, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    said = write(site, cast, "support-desk", "sam", "Kestrel cannot export more than 1,000 rows.")
    priya = desktop(site, cast, "priya")
    started = time.monotonic()
    opened = site.slack.interact(form_of(priya.shortcut(CAPTURE, cast.channels["support-desk"], said)))
    assert (opened.status_code, opened.text) == (200, "")
    assert time.monotonic() - started < 3
    dialog = site.slack.screens.opened[-1]
    assert "Kestrel cannot export" in str(dialog.view)
    filled: dict[str, JsonObject] = {
        "interpretation": {"type": "plain_text_input", "value": "Exports are cut off."},
        "severity": {"type": "static_select", "selected_option": {"value": "high"}},
    }
    sent = priya.submit(dialog, filled)
    for _ in range(2):
        answered = site.slack.interact(form_of(sent)).json()
        assert answered["response_action"] == "update"
        assert "Stored" in str(answered["view"])
    (signal,) = eventually(tenant.signals)
    assert signal["verbatim"] == "Kestrel cannot export more than 1,000 rows."
    assert (signal["interpretation"], signal["severity"]) == ("Exports are cut off.", "high")
    assert signal["source_metadata"]["channel_name"] == "support-desk"
    (event,) = [event for event in tenant.get("events")["items"] if event["type"] == "view_submission"]
    assert event["receipt"]["signal_id"] == signal["id"]


def test_an_emoji_and_a_mention_capture_what_they_are_put_on(site: Site, cast: Cast, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    said = write(site, cast, "support-desk", "sam", "Blue Harbor asks for dark mode.")
    deliver(site, cast, slack_events.reaction_added(cast.users["priya"], "eyes", said, site.slack.next_ts()))
    deliver(site, cast, slack_events.reaction_added(cast.users["priya"], "inbox_tray", said, site.slack.next_ts()))
    (signal,) = eventually(tenant.signals)
    assert signal["verbatim"] == "Blue Harbor asks for dark mode."
    root = write(site, cast, "support-desk", "jonas", "Kestrel asks for SSO.")
    channel, ts = cast.channels["support-desk"], site.slack.next_ts()
    mention = slack_events.message(channel, cast.users["priya"], "<@UBOT> log it", ts, thread_ts=str(root["ts"]))
    deliver(site, cast, slack_events.app_mention(mention))
    eventually(lambda: len(tenant.signals()) == 2)
    told = eventually(lambda: [shown for method, shown in site.slack.written if method == "chat.postMessage"])
    assert [shown["channel"] for shown in told] == [cast.users["priya"].id]
    assert "/signals/sig_" in told[0]["text"]


def test_customers_cannot_ask(site: Site, cast: Cast, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    channel = cast.channels["kestrel-tidewater"]
    said = write(site, cast, "kestrel-tidewater", "jonas", "We will look into it.")
    deliver(site, cast, slack_events.reaction_added(cast.users["marta"], "inbox_tray", said, site.slack.next_ts()))
    marta = desktop(site, cast, "marta")
    assert site.slack.interact(form_of(marta.shortcut(CAPTURE, channel, said))).text == ""
    assert site.slack.screens.opened == []
    eventually(lambda: "asked_by_outsider" in reasons(tenant))
    assert tenant.signals() == []


def test_a_direct_message_is_not_captured(site: Site, cast: Cast, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    said = write(site, cast, "support-desk", "sam", "Between us.")
    body = desktop(site, cast, "priya").shortcut(CAPTURE, cast.channels["support-desk"], said)
    site.slack.interact(form_of(body | {"channel": {"id": "D0PRIVATE", "name": "directmessage"}}))
    assert "direct messages" in str(site.slack.screens.opened[-1].view)
    assert "submit" not in site.slack.screens.opened[-1].view


def desktop(site: Site, cast: Cast, person: str) -> Desktop:
    return site.slack.desktop(cast.users[person], place=cast.home)


def write(site: Site, cast: Cast, channel: str, author: str, text: str) -> JsonObject:
    """Something that was said, which Slack tells us of by itself too."""
    said = slack_events.message(cast.channels[channel], cast.users[author], text, site.slack.next_ts())
    deliver(site, cast, said)
    return said


def deliver(site: Site, cast: Cast, event: JsonObject) -> None:
    assert site.slack.deliver(site.slack.event(event, team=cast.home)).status_code == 200


def reasons(tenant: Tenant) -> set[str | None]:
    return {event["receipt"]["reason"] for event in tenant.get("events")["items"] if event["receipt"]}


def test_what_was_answered_before_somebody_asked_joins_and_colleagues_words_are_its_context(
    site: Site, cast: Cast, tenant: Tenant
) -> None:
    site.add_to_slack(tenant)
    (integration,) = tenant.get("integrations")["items"]
    with tenant.api as api:
        asked = {"config": {"slack_capture": "asked"}}
        assert api.patch(f"integrations/{integration['id']}", json=asked).status_code == 200
    shared, marta, jonas = cast.channels["kestrel-tidewater"], cast.users["marta"], cast.users["jonas"]
    said = write(site, cast, "kestrel-tidewater", "marta", "The export stops.")
    for author, words in ((marta, "On Monday, too."), (jonas, "We look into it.")):
        reply = slack_events.message(shared, author, words, site.slack.next_ts(), thread_ts=str(said["ts"]))
        deliver(site, cast, reply)
    eventually(lambda: all(event["receipt"]["outcome"] for event in tenant.get("events")["items"]))
    assert tenant.signals() == []
    deliver(site, cast, slack_events.reaction_added(jonas, "inbox_tray", said, site.slack.next_ts()))
    eventually(lambda: len(tenant.signals()) == 2)
    first, second = sorted(tenant.signals(), key=lambda signal: str(signal["occurred_at"]))
    assert (first["verbatim"], second["verbatim"]) == ("The export stops.", "On Monday, too.")
    assert first["conversation_id"] == second["conversation_id"]
    (context,) = tenant.get(f"conversations/{first['conversation_id']}")["context"]
    assert (context["words"], context["reason"]) == ("We look into it.", "only_when_asked")
