"""The central story, on both databases: Add to Slack, pick a channel, hear a customer live, find, open and sort it."""

import pytest
from playwright.sync_api import Page, expect

from sandbox import slack_events
from sandbox.cast import Cast
from tests.journeys.site import Site


@pytest.mark.parametrize("site", ["sqlite", "postgresql"], indirect=True)
@pytest.mark.usefixtures("asked")
def test_from_an_empty_workspace_to_a_signal_that_was_read(site: Site, cast: Cast, page: Page) -> None:
    site.slack.send_events_to(f"{site.base_url}/slack/events")
    page.goto(site.tenant("Tidewater").sign_in_url)
    expect(page.get_by_role("heading", name="Four steps to your first signal")).to_be_visible()
    _add_to_slack(page)
    _pick_a_channel(page, cast)
    page.get_by_role("link", name="Signals", exact=True).click()
    expect(page.get_by_role("heading", name="Nothing was said yet")).to_be_visible()
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    _say(site, cast, "blue-harbor-tidewater", "elena", "Nobody picked this channel.")
    _say(site, cast, "kestrel-tidewater", "marta", "The export of the visit log stops at 1,000 rows.")
    heard = page.get_by_role("article")
    expect(heard).to_contain_text("The export of the visit log stops at 1,000 rows.")
    expect(heard).to_contain_text("Marta Olsen")
    expect(page.get_by_text("Live, 1 new since you opened this page")).to_be_visible()
    page.get_by_role("searchbox").fill("visit log")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("mark").first).to_have_text("visit")
    page.get_by_role("link", name="Details of what Marta Olsen said").click()
    page.get_by_label("Status").select_option("Reviewed")
    page.get_by_label("Severity").select_option("High")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.get_by_role("link", name="All signals").click()
    expect(heard.get_by_text("Reviewed")).to_be_visible()
    expect(heard.get_by_text("High")).to_be_visible()


@pytest.mark.usefixtures("asked", "cast")
def test_who_denies_in_slack_is_told_what_happened_and_nothing_is_connected(site: Site, page: Page) -> None:
    page.goto(site.tenant().sign_in_url)
    page.get_by_role("link", name="Add to Slack").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_text("access_denied")).to_be_visible()
    page.get_by_role("link", name="Open Signalbox").click()
    expect(page.get_by_text("Nothing is connected yet.")).to_be_visible()


def _add_to_slack(page: Page) -> None:
    page.get_by_role("link", name="Add to Slack").click()
    expect(page.get_by_role("heading", name="This app asks for access to Tidewater")).to_be_visible()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("heading", name="Tidewater is connected")).to_be_visible()
    page.get_by_role("link", name="Open Signalbox").click()
    expect(page.get_by_text("Listening", exact=True)).to_be_visible()


def _pick_a_channel(page: Page, cast: Cast) -> None:
    channel = cast.channels["kestrel-tidewater"]
    page.get_by_role("link", name="Integrations").click()
    page.get_by_role("link", name="Settings of Tidewater").click()
    expect(page.get_by_text("No channel is picked")).to_be_visible()
    by_id, form = page.get_by_text("Pick a channel by its id"), page.get_by_role("form", name="Pick a channel")
    for identity, name in (("C0MISTAKE", "mistake"), (channel.id, f"#{channel.name}")):
        by_id.click()
        form.get_by_label("Channel id").fill(identity)
        form.get_by_label("Channel name").fill(name)
        form.get_by_role("button", name="Add the channel").click()
        expect(page.get_by_role("list", name="Picked channels").get_by_text(identity)).to_be_visible()
    mistake = page.get_by_role("listitem").filter(has_text="C0MISTAKE")
    mistake.locator("summary").click()
    expect(mistake.get_by_text("Signalbox stops listening in #mistake. Its signals stay.")).to_be_visible()
    mistake.get_by_role("button", name="Remove the channel").click()
    expect(mistake).to_have_count(0)
    expect(page.get_by_text("Only this one is heard.")).to_be_visible()


def _say(site: Site, cast: Cast, channel: str, author: str, words: str) -> None:
    event = slack_events.message(cast.channels[channel], cast.users[author], words, site.slack.next_ts())
    assert site.slack.deliver(site.slack.event(event, team=cast.home)).status_code == 200
