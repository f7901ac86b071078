"""The rooms for admins: a key shown once, a failed event replayed, and who may change nothing."""

import re

import httpx
from playwright.sync_api import Page, Route, expect

from core.clock import utc_now
from sandbox import pylon_objects
from sandbox.pylon import PylonWebhook
from tests.browser.conftest import OpenPage
from tests.browser.people import Sender
from tests.browser.watch import Watch
from tests.journeys.site import Site, Tenant, eventually


def test_a_key_is_shown_once_works_and_never_comes_back(site: Site, tenant: Tenant, owners_page: Page) -> None:
    owners_page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = owners_page
    page.goto("/webhook-keys")
    page.get_by_label("Name").fill("Zapier")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_text("Copy the key and the secret now")).to_be_visible()
    page.get_by_role("button", name="Copy API key").click()
    expect(page.get_by_text("Copied", exact=True)).to_be_visible()
    key = page.evaluate("navigator.clipboard.readText()")
    assert key.startswith("sbk_")
    sent = httpx.post(f"{site.base_url}/webhooks/signals", json={"verbatim": "x"}, headers={"X-API-Key": key})
    assert sent.status_code == 202
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_role("link", name="Rotate Zapier")).to_be_visible()
    assert key not in page.content()
    page.go_back()
    assert key not in page.content()


def test_a_reload_of_what_is_shown_once_makes_nothing_more(tenant: Tenant, owners_page: Page) -> None:
    page = owners_page
    page.goto("/integrations/pylon")
    page.get_by_label("Name").fill("Desk")
    page.get_by_role("button", name="Check and go on").click()
    expect(page.get_by_text("Copy these now")).to_be_visible()
    [made] = [each for each in tenant.get("integrations")["items"] if each["name"] == "Desk"]
    page.reload()
    expect(page.get_by_role("heading", name="This was done already")).to_be_visible()
    page.get_by_role("link", name="Go on").click()
    expect(page).to_have_url(re.compile(f"/integrations/{made['id']}/pylon$"))
    assert [each for each in tenant.get("integrations")["items"] if each["name"] == "Desk"] == [made]


def test_of_two_clicks_the_first_one_is_answered(tenant: Tenant, owners_page: Page) -> None:
    page = owners_page
    page.goto("/webhook-keys")
    page.get_by_label("Name").fill("Hurried")
    page.get_by_role("button", name="Create key").dblclick()
    expect(page.get_by_text("Copy the key and the secret now")).to_be_visible()
    assert [each["name"] for each in tenant.get("webhook-keys")["items"]].count("Hurried") == 1


def test_a_failed_event_is_replayed_into_a_signal(site: Site, tenant: Tenant, owners_page: Page) -> None:
    _fail_once(site, tenant)
    page = owners_page
    page.goto("/")
    expect(page.get_by_text("event in the last 24 hours")).to_be_visible()
    page.get_by_role("link", name="look at them").click()
    page.get_by_role("link", name="issue.created").click()
    expect(page.get_by_text("Failed", exact=True)).to_be_visible()
    page.get_by_role("button", name="Replay").click()
    expect(page.get_by_text("1 event is processed again.")).to_be_visible()
    page.goto("/signals")
    expect(page.get_by_text("Labels are cut off.")).to_be_visible()


def test_a_viewer_reads_and_can_change_nothing(site: Site, tenant: Tenant, open_page: OpenPage, watch: Watch) -> None:
    Sender(tenant).send("Please add dark mode.")
    page = open_page()
    page.goto(tenant.post("invitations", {"email": "eve@example.com", "role": "viewer"})["url"])
    page.get_by_role("button", name="Continue with this link").click()
    page.goto("/signals?q=%22dark+mode%22")
    expect(page.get_by_text("Please add dark mode.")).to_be_visible()
    for control in ("checkbox", "combobox", "button"):
        expect(page.get_by_role("region", name="Signals found").get_by_role(control)).to_have_count(0)
    rooms = page.get_by_role("navigation", name="Console")
    expect(rooms.get_by_role("link")).to_have_text(["Overview", "Signals", "Accounts"])
    page.get_by_role("link", name="Details of what Ada Byron said").click()
    expect(page.get_by_role("heading", name="Why was this captured?")).to_be_visible()
    expect(page.get_by_role("heading", name="Your reading")).to_have_count(0)
    watch.expect("status of 403")
    token = page.locator("input[name=csrf_token]").first.input_value()
    forced = page.request.post(page.url, form={"csrf_token": token, "status": "archived"})
    assert forced.status == 403
    page.goto("/webhook-keys")
    expect(page.get_by_role("heading", name="This is not open to you")).to_be_visible()
    assert {signal["status"] for signal in tenant.signals()} == {"new"}


def test_a_form_without_the_sessions_token_is_refused(tenant: Tenant, owners_page: Page, watch: Watch) -> None:
    watch.expect("status of 403")
    page = owners_page
    page.goto("/webhook-keys")
    page.locator("form:has(#field-name) input[name=csrf_token]").evaluate("field => { field.value = 'forged' }")
    page.get_by_label("Name").fill("Forged")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_text("This form is out of date.")).to_be_visible()
    assert "Forged" not in str(tenant.get("webhook-keys"))


def test_another_sites_form_changes_nothing(tenant: Tenant, owners_page: Page, watch: Watch) -> None:
    """The other site is a real one to the browser: another host, whose page posts to ours by itself."""
    watch.expect("status of 403")
    page = owners_page
    page.goto("/")
    token = page.locator("input[name=csrf_token]").first.input_value()
    form = (
        f"<form method=post action='{tenant.base_url}/webhook-keys'><input name=csrf_token value='{token}'>"
        "<input name=name value=Forged></form><script>document.forms[0].submit()</script>"
    )
    page.route("http://localhost/**", lambda route: _answer(route, form))
    page.goto("http://localhost/prize")
    expect(page.get_by_text("This was asked for by another site.")).to_be_visible()
    assert "Forged" not in str(tenant.get("webhook-keys"))


def _answer(route: Route, html: str) -> None:
    route.fulfill(body=html, content_type="text/html")


def _fail_once(site: Site, tenant: Tenant) -> None:
    """Pylon tells of an issue, and at first knows nothing of it when asked."""
    site.renew_pylon()
    asked = {"platform": "pylon", "name": "Support", "pylon_region": "us", "access_token": site.pylon.token}
    made = tenant.post("integrations", asked)
    site.pylon.webhook = PylonWebhook(made["webhook_url"], made["header_name"], f"Bearer {made['header_secret']}")
    now = utc_now()
    account = site.pylon.add_account(pylon_objects.account("Globex", "globex.example", created_at=now))
    contact = site.pylon.add_contact(pylon_objects.contact("Ada Byron", "ada@globex.example", account))
    issue = site.pylon.add_issue(pylon_objects.issue(
        site.pylon.next_number(), "Labels", "Labels are cut off.", of_account=account, requester=contact,
        source="email", created_at=now,
    ))  # fmt: skip
    author = pylon_objects.MessageAuthor(str(contact["id"]), "Ada Byron", "ada@globex.example", is_contact=True)
    said = pylon_objects.message(author, "Labels are cut off.", source="email", at=now)
    site.pylon.add_message(str(issue["id"]), said)
    site.pylon.fail_next("issue", code="not_found", status=404)
    assert site.pylon.send_trigger({"event": "issue.created", "issue_id": issue["id"]}).status_code == 200
    eventually(lambda: tenant.get("stats")["failed"] == 1)
