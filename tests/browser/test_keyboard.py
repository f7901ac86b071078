"""Everything by keyboard alone: no test here touches a mouse, and wherever the focus goes, it can be seen."""

from playwright.sync_api import Page, expect

from tests.browser.people import Sender, press, tab_to
from tests.journeys.site import Site


def test_reading_sorting_searching_and_changing_many(site: Site, page: Page) -> None:
    tenant = site.tenant()
    Sender(tenant).send_many(6)
    page.goto(tenant.sign_in_url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    press(page, page.get_by_role("link", name="Signals", exact=True))
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    rows = page.locator(".signals > li")
    for key, words in (("j", "Wish 1"), ("j", "Wish 2"), ("j", "Wish 3"), ("k", "Wish 2")):
        page.keyboard.press(key)
        expect(rows.filter(has_text=words)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ada Byron")).to_be_visible()
    tab_to(page, page.get_by_label("Status"))
    page.keyboard.type("Rev")
    press(page, page.get_by_role("button", name="Save"))
    expect(page.get_by_text("Saved.")).to_be_visible()
    press(page, page.get_by_role("link", name="All signals"))
    expect(rows.filter(has_text="Wish 2").get_by_text("Reviewed")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("Wish")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{tenant.base_url}/signals?q=Wish")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    apply = page.get_by_role("button", name="Apply (2)")
    expect(apply).to_be_visible()
    page.keyboard.press("Shift+Tab")
    page.evaluate("document.activeElement.blur()")
    tab_to(page, page.get_by_label("Set chosen to"))
    page.keyboard.type("Arch")
    press(page, apply)
    expect(page.get_by_text("2 signals were changed.")).to_be_visible()
    expect(rows.get_by_text("Archived")).to_have_count(2)


def test_the_help_opens_closes_and_switches_the_keys_off(owners_page: Page) -> None:
    page = owners_page
    page.goto("/signals")
    expect(page.get_by_text("Live", exact=True)).to_be_visible()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("?")
    tab_to(page, dialog.get_by_role("checkbox"))
    page.keyboard.press("Space")
    press(page, dialog.get_by_role("button", name="Close"))
    page.keyboard.press("j")
    expect(page.locator(".signals > li:focus")).to_have_count(0)


def test_a_key_is_made_and_deleted_after_a_question(owners_page: Page) -> None:
    page = owners_page
    page.goto("/")
    press(page, page.get_by_role("link", name="Webhook keys"))
    tab_to(page, page.get_by_label("Name"))
    page.keyboard.type("Zapier")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The key for Zapier")).to_be_visible()
    press(page, page.get_by_role("link", name="I have copied it"))
    press(page, page.locator("summary").filter(has_text="Deactivate Zapier"))
    expect(page.get_by_text("is refused until it is activated again")).to_be_visible()
    press(page, page.get_by_role("button", name="Deactivate Zapier"))
    expect(page.get_by_text("Deactivated")).to_be_visible()
    press(page, page.get_by_role("link", name="Delete Zapier"))
    expect(page.get_by_text("cannot be undone")).to_be_visible()
    press(page, page.get_by_role("button", name="Delete"))
    expect(page.get_by_text("No keys yet")).to_be_visible()
