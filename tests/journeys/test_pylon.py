"""Stories of Pylon from the other sides: from a message in Slack, and from within Pylon itself, over real HTTP."""

import pytest

from core.clock import utc_now
from core.taming import JsonObject
from sandbox import pylon_objects, slack_events
from sandbox.cast import Cast
from sandbox.pylon import PylonWebhook
from sandbox.slack_surfaces import form_of
from tests.journeys.site import Site, Tenant, eventually
from tests.journeys.test_slack_asking import deliver, desktop, write
from tests.journeys.test_slack_surfaces import sign_in_with_slack

SHORTCUT = "open_pylon_issue"


@pytest.fixture
def desk(site: Site, tenant: Tenant) -> JsonObject:
    """The workspace's connection to Pylon, checked and rechecked by its webhook."""
    site.renew_pylon()
    site.pylon.delivered.clear()
    site.slack.written.clear()
    body = {"platform": "pylon", "name": "Desk", "access_token": site.pylon.token}
    made: JsonObject = tenant.post("integrations", body)
    site.pylon.webhook = PylonWebhook(str(made["webhook_url"]), str(made["header_name"]), str(made["header_value"]))
    return made


def test_a_message_in_slack_becomes_an_internal_issue(site: Site, cast: Cast, tenant: Tenant, desk: JsonObject) -> None:
    site.add_to_slack(tenant)
    shared = cast.channels["kestrel-tidewater"]
    said = write(site, cast, "kestrel-tidewater", "marta", "The export stops at 1,000 rows.")
    eventually(tenant.signals)
    jonas, before = desktop(site, cast, "jonas"), len(site.pylon.issues())

    def shortcut() -> None:
        site.slack.interact(form_of(jonas.shortcut(SHORTCUT, shared, said)))

    shortcut()
    assert "members of the workspace" in str(site.slack.screens.opened[-1].view)
    sign_in_with_slack(site, tenant)
    shortcut()
    dialog = site.slack.screens.opened[-1]
    assert "The export stops at 1,000 rows." in str(dialog.view)
    filled: dict[str, JsonObject] = {
        "title": {"type": "plain_text_input", "value": "Export is cut off"},
        "text": {"type": "plain_text_input", "value": "The export stops at 1,000 rows."},
        "email": {"type": "plain_text_input", "value": "not an address"},
    }
    assert "email" in site.slack.interact(form_of(jonas.submit(dialog, filled))).json()["errors"]
    filled["email"] = {"type": "plain_text_input", "value": "marta@kestrel.example"}
    for _ in range(2):
        answered = site.slack.interact(form_of(jonas.submit(dialog, filled))).json()
        assert "Stored" in str(answered["view"])
    told = eventually(lambda: [shown for method, shown in site.slack.written if method == "chat.postMessage"])
    assert [shown["channel"] for shown in told] == [cast.users["jonas"].id], "in private, once"
    opened = [issue for issue in site.pylon.issues() if issue["title"] == "Export is cut off"]
    assert (len(opened), len(site.pylon.issues())) == (1, before + 1)
    assert str(opened[0]["link"]) in str(told[0])
    assert site.pylon.delivered == [], "the customer hears nothing of it"
    (conversation,) = [each for each in tenant.get("conversations")["items"] if len(each["keys"]) == 2]
    assert {key["kind"] for key in conversation["keys"]} == {"slack_thread", "pylon_issue"}
    shortcut()
    assert "an issue already" in str(site.slack.screens.opened[-1].view)


def test_inside_pylon_the_words_from_slack_stand_beside_the_issue(
    site: Site, cast: Cast, tenant: Tenant, desk: JsonObject
) -> None:
    site.add_to_slack(tenant)
    said = slack_events.message(
        cast.channels["kestrel-tidewater"], cast.users["marta"], "Labels are cut off.", site.slack.next_ts()
    )
    deliver(site, cast, said)
    eventually(tenant.signals)
    now = utc_now()
    account = site.pylon.add_account(pylon_objects.account("Kestrel", "kestrel.example", created_at=now))
    contact = site.pylon.add_contact(pylon_objects.contact("Marta", "marta@kestrel.example", account))
    root = pylon_objects.SlackRoot(cast.home.id, cast.channels["kestrel-tidewater"].id, str(said["ts"]))
    issue = site.pylon.add_issue(pylon_objects.issue(
        site.pylon.next_number(), "Labels", "Labels are cut off.", of_account=account, requester=contact,
        source="slack", created_at=now, slack=root,
    ))  # fmt: skip
    assert site.pylon.send_trigger({"event": "issue.created", "issue_id": issue["id"]}).status_code == 200
    organisation = str(site.pylon.organisation["id"])
    verify = {"request_type": "verify", "code": "0bcb6f58"}
    with tenant.api as api:
        api.patch(f"integrations/{desk['id']}", json={"app_secret": "of another app"}).raise_for_status()
        assert site.pylon.ask_custom_app(**verify).status_code == 401
        for secret in (site.pylon.app_secret, "the one that Pylon shows after a rotation"):
            api.patch(f"integrations/{desk['id']}", json={"app_secret": secret}).raise_for_status()
            assert site.pylon.ask_custom_app(**verify).json() == {"code": "0bcb6f58"}
    asked = {
        "request_type": "fetch_data", "issue_id": str(issue["id"]), "organization_id": organisation,
        "requester_email": "marta+<support>&co@kestrel.example",
    }  # fmt: skip
    shown = eventually(lambda: _with_words(site.pylon.ask_custom_app(**asked).json()))
    assert "Open in Slack" in str(shown)
    assert site.pylon.ask_custom_app(**(asked | {"organization_id": "another"})).status_code == 403


def test_the_checker_tells_of_every_delivery(site: Site, tenant: Tenant, desk: JsonObject) -> None:
    with tenant.api as api:
        secret = {"webhook_secret": site.pylon.signing_secret}
        api.patch(f"integrations/{desk['id']}", json=secret).raise_for_status()
    site.pylon.send_trigger({"event": "issue.created", "issue_id": "{{ issue.id }}"})
    secret_as_pylon_has_it, site.pylon.signing_secret = site.pylon.signing_secret, "another"
    site.pylon.send_trigger({"event": "issue.created"})
    site.pylon.signing_secret = secret_as_pylon_has_it
    knocks = tenant.get(f"integrations/{desk['id']}/knocks")["items"]
    assert (knocks[0]["outcome"], knocks[0]["reason"]) == ("refused", "signature_mismatch")
    assert knocks[0]["fix"] == "Paste the webhook's signing secret again, as Pylon shows it."
    assert "unresolved_variable" in {check["slug"] for check in knocks[1]["checks"]}


def _with_words(shown: JsonObject) -> JsonObject | None:
    return shown if "Labels are cut off." in str(shown) else None
