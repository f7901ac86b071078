"""Stories of Pylon's triggers and of programs that hold a webhook key."""

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from core.clock import utc_now
from sandbox import pylon_objects
from sandbox.cast import KESTREL
from sandbox.pylon import PylonWebhook
from tests.journeys.site import Site, Tenant, eventually


def test_a_flat_trigger_becomes_a_signal_without_a_token(site: Site, tenant: Tenant) -> None:
    made = tenant.post("integrations", {"platform": "pylon", "name": "Pylon"})
    assert made["webhook_url"].startswith(f"{site.base_url}/webhooks/pylon/")
    header = {made["header_name"]: f"Bearer {made['header_secret']}"}
    body = {"event": "issue.created", "issue_id": "iss-1", "title": "Export", "body_html": "<p>It stops at 1,000.</p>",
            "requester": {"email": "ada@customer.example"}, "link": "https://app.usepylon.com/issues/1"}  # fmt: skip
    assert httpx.post(made["webhook_url"], json=body, headers=header).status_code == 200
    (signal,) = eventually(tenant.signals)
    assert (signal["source"], signal["verbatim"]) == ("pylon", "It stops at 1,000.")
    assert signal["author"]["email"] == "ada@customer.example"
    assert signal["source_metadata"]["limited"] is True
    assert "header_secret" not in tenant.get("integrations")["items"][0]


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer \xff"}])
def test_a_trigger_without_its_secret_is_refused(site: Site, tenant: Tenant, headers: dict[str, str]) -> None:
    made = tenant.post("integrations", {"platform": "pylon", "name": "Pylon"})
    encoded = {name.encode(): value.encode("latin-1") for name, value in headers.items()}
    refused = httpx.post(made["webhook_url"], json={"event": "issue.created"}, headers=encoded)
    assert refused.status_code == 401
    assert httpx.post(f"{site.base_url}/webhooks/pylon/nobodys-key", json={}).status_code == 401
    assert tenant.get("events")["items"] == []


def test_a_thin_trigger_is_completed_through_the_api(site: Site, tenant: Tenant) -> None:
    site.pylon.webhook = _connect(tenant, site)
    now = utc_now()
    account = site.pylon.add_account(pylon_objects.account(KESTREL.name, KESTREL.domain, created_at=now))
    contact = site.pylon.add_contact(pylon_objects.contact("Ada Byron", "ada@kestrel.example", account))
    opened = pylon_objects.issue(
        site.pylon.next_number(), "Labels", "Labels are cut off.",
        of_account=account, requester=contact, source="email", created_at=now,
    )  # fmt: skip
    issue = site.pylon.add_issue(opened)
    author = pylon_objects.MessageAuthor(str(contact["id"]), "Ada Byron", "ada@kestrel.example", is_contact=True)
    said = pylon_objects.message(author, "Labels are cut off.", source="email", at=now)
    site.pylon.add_message(str(issue["id"]), said)
    assert site.pylon.send_trigger({"event": "issue.created", "issue_id": issue["id"]}).status_code == 200
    (signal,) = eventually(tenant.signals)
    assert signal["verbatim"] == "Labels are cut off."
    assert signal["author"]["email"] == "ada@kestrel.example"
    assert signal["source_metadata"].get("limited") is not True


def test_a_key_turns_a_post_into_a_signal(site: Site, tenant: Tenant) -> None:
    key = tenant.post("webhook-keys", {"name": "Ask Elephant"})
    body = {"verbatim": "We would pay for SSO.", "source_ref": "call-1", "severity": "high", "frequency": "common",
            "occurred_at": "2026-11-01T12:00:00+02:00", "author": {"name": "Ada"}, "account": {"name": "Initech"},
            "tags": ["sso"], "metadata": {"minute": 12}}  # fmt: skip
    first = _post(site, body, {"X-API-Key": key["api_key"]})
    again = _post(site, body, {"X-API-Key": key["api_key"], "X-Workspace-ID": tenant.workspace_id})
    assert (first.status_code, first.json()["duplicate"]) == (202, False)
    assert (again.status_code, again.json()) == (202, {"event_id": first.json()["event_id"], "duplicate": True})
    (signal,) = eventually(tenant.signals)
    assert signal["verbatim"] == "We would pay for SSO."
    assert signal["occurred_at"] == "2026-11-01T10:00:00Z"
    assert (signal["severity"], signal["frequency"], signal["tags"]) == ("high", "common", ["sso"])
    assert signal["source_scope"] == key["id"]
    listed = tenant.get("webhook-keys")["items"][0]
    assert key["api_key"] not in str(listed)
    assert "secret" not in listed
    assert listed["last_used_at"]


def test_a_signed_post_needs_no_key_in_a_header(site: Site, tenant: Tenant) -> None:
    key = tenant.post("webhook-keys", {"name": "Zapier"})
    raw = json.dumps({"verbatim": "signed words"}).encode()
    signature = "sha256=" + hmac.new(key["secret"].encode(), raw, hashlib.sha256).hexdigest()
    headers = {"X-Workspace-ID": tenant.workspace_id, "X-Webhook-Signature": signature}
    assert _post(site, raw, headers).status_code == 202
    eventually(tenant.signals)
    tenant.post("webhook-keys", {"name": "Second"})
    assert _code(_post(site, raw, headers)) == "key_ambiguous"
    assert _post(site, raw, headers | {"X-Webhook-Key-ID": key["id"]}).status_code == 202


def test_contradictions_are_refused(site: Site, tenant: Tenant) -> None:
    key, other = tenant.post("webhook-keys", {"name": "k"}), site.tenant()
    body = {"verbatim": "words"}
    own = {"X-API-Key": key["api_key"]}
    assert _code(_post(site, body, own | {"X-Workspace-ID": other.workspace_id})) == "workspace_mismatch"
    assert _code(_post(site, body, own | {"X-Webhook-Signature": "sha256=00"})) == "signature_mismatch"
    assert _code(_post(site, body, {"X-API-Key": "sbk_guess"})) == "api_key_unknown"
    assert _code(_post(site, body, {})) == "credentials_missing"
    tenant.post(f"webhook-keys/{key['id']}/deactivate")
    assert _code(_post(site, body, own)) == "key_inactive"


def test_bad_bodies_name_the_field_and_store_nothing(site: Site, tenant: Tenant) -> None:
    headers = {"X-API-Key": tenant.post("webhook-keys", {"name": "k"})["api_key"]}
    for raw in (b"", b"[]", b"\xff", b"[" * 100_000, b'{"verbatim":'):
        assert _post(site, raw, headers).status_code == 400
    refused = _post(site, {"verbatim": "", "severity": "urgent", "author": {"email": 7}, "tags": ["ok", 3]}, headers)
    assert refused.status_code == 422
    assert {e["field"] for e in refused.json()["errors"]} == {"verbatim", "severity", "author.email", "tags[1]"}
    assert _post(site, b"x" * (1024 * 1024 + 1), headers).status_code == 413
    assert tenant.get("events")["items"] == []
    assert httpx.get(f"{site.base_url}/webhooks/signals").json()["required"] == ["verbatim"]


def _connect(tenant: Tenant, site: Site) -> PylonWebhook:
    site.renew_pylon()
    made = tenant.post("integrations", {"platform": "pylon", "name": "Pylon", "access_token": site.pylon.token})
    return PylonWebhook(made["webhook_url"], made["header_name"], f"Bearer {made['header_secret']}")


def _post(site: Site, body: dict[str, Any] | bytes, headers: dict[str, str]) -> httpx.Response:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(f"{site.base_url}/webhooks/signals", content=raw, headers=headers, timeout=20)


def _code(response: httpx.Response) -> str:
    assert response.status_code == 401
    code: str = response.json()["code"]
    return code
