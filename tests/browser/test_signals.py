"""The list of signals under the hands of a person: live, long, changed in bulk, and cut off from the server."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import Sender
from tests.browser.watch import Watch
from tests.journeys.site import Tenant

PAGE = 50


@pytest.fixture(scope="module", autouse=True)
def sender(tenant: Tenant) -> Sender:
    sender = Sender(tenant)
    sender.send_many(PAGE + 10)
    return sender


def test_new_ones_appear_without_moving_what_is_read_and_older_ones_follow(sender: Sender, owners_page: Page) -> None:
    page = owners_page
    page.goto("/signals")
    rows = page.locator(".signals > li")
    expect(rows).to_have_count(PAGE)
    page.get_by_role("link", name="Older signals").click()
    expect(rows).to_have_count(PAGE + 10)
    expect(page.get_by_role("link", name="Older signals")).to_have_count(0)
    read = rows.filter(has_text="Wish 40")
    read.scroll_into_view_if_needed()
    before = read.bounding_box()
    sender.send("Said this very moment.")
    expect(page.get_by_text("Said this very moment.")).to_be_attached()
    after = read.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(after["y"] - before["y"]) < 2
    expect(rows.first).to_contain_text("Said this very moment.")


def test_many_change_their_status_at_once(tenant: Tenant, owners_page: Page) -> None:
    page = owners_page
    page.goto("/signals")
    rows = page.locator(".signals > li")
    for number in (0, 1):
        rows.nth(number).get_by_role("checkbox").check()
    page.get_by_label("Set chosen to").select_option("Archived")
    page.get_by_role("button", name="Apply (2)").click()
    expect(page.get_by_text("2 signals were changed.")).to_be_visible()
    expect(rows.get_by_text("Archived")).to_have_count(2)
    page.get_by_label("All", exact=True).check()
    page.get_by_label("Set chosen to").select_option("Reviewed")
    page.get_by_role("button", name=f"Apply ({PAGE})").click()
    expect(page.get_by_text(f"{PAGE} signals were changed.")).to_be_visible()
    assert {signal["status"] for signal in tenant.signals()[:PAGE]} == {"reviewed"}


def test_without_the_server_the_page_says_so_and_recovers(owners_page: Page, watch: Watch) -> None:
    page = owners_page
    page.goto("/signals")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    for part in ("ERR_INTERNET_DISCONNECTED", "htmx:sendError", "htmx:afterRequest"):
        watch.expect(part)
    page.context.set_offline(True)
    expect(page.get_by_text("Connection lost. Trying again…")).to_be_visible()
    page.locator(".signals > li").first.get_by_role("checkbox").check()
    page.get_by_role("button", name="Apply (1)").click()
    expect(page.get_by_role("alert")).to_contain_text("nothing was changed")
    page.context.set_offline(False)
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    page.get_by_role("button", name="Apply (1)").click()
    expect(page.get_by_text("1 signal was changed.")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
