"""Coming in: by a personal link, then with an account of Slack or of single sign-on, and out again."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.watch import Watch
from tests.journeys.site import Site, Tenant


@pytest.mark.parametrize(
    ("connect", "come_back", "who"),
    [
        ("Connect Slack", "Sign in with Slack", "Priya Raman"),
        ("Connect single sign-on", "Continue with single sign-on", "Dana Reyes"),
    ],
)
@pytest.mark.usefixtures("asked", "cast")
def test_who_came_by_link_comes_back_with_an_account(
    site: Site, open_page: OpenPage, connect: str, come_back: str, who: str
) -> None:
    page, elsewhere = open_page(), open_page()
    page.goto(site.tenant("Acme").sign_in_url)
    expect(page.get_by_role("heading", name="Acme")).to_be_visible()
    page.locator(".switcher summary").click()
    page.get_by_role("link", name="Your account").click()
    page.get_by_role("button", name=connect).click()
    page.get_by_role("button", name=who).click()
    expect(page.get_by_text("connected")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Sign in to Signalbox")).to_be_visible()
    elsewhere.goto("/signals?q=invoice")
    elsewhere.get_by_role("link", name=come_back).click()
    elsewhere.get_by_role("button", name=who).click()
    expect(elsewhere.get_by_role("searchbox")).to_have_value("invoice")


@pytest.mark.usefixtures("asked", "cast")
def test_strangers_and_those_who_change_their_mind_stay_out_and_are_told_why(page: Page, watch: Watch) -> None:
    watch.expect("status of 401")
    watch.expect("status of 403")
    page.goto("/sign-in")
    page.get_by_role("link", name="Sign in with Slack").click()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="You were not signed in")).to_be_visible()
    page.get_by_role("link", name="Go on").click()
    page.get_by_role("link", name="Continue with single sign-on").click()
    page.get_by_role("button", name="Eli Stone").click()
    expect(page.get_by_role("heading", name="Ask an admin for an invitation")).to_be_visible()


def test_a_link_works_once(tenant: Tenant, page: Page, open_page: OpenPage, watch: Watch) -> None:
    page.goto(tenant.sign_in_url)
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_be_visible()
    watch.expect("status of 410")
    second = open_page()
    second.goto(tenant.sign_in_url)
    expect(second.get_by_role("heading", name="This sign-in link no longer works")).to_be_visible()
