from datetime import timedelta

import httpx
import pytest

from core.signatures import hmac_sha256_hex
from core.taming import JsonObject, JsonValue
from sandbox import pylon_objects
from sandbox.cast import Cast
from sandbox.errors import SandboxError
from sandbox.pylon import PylonStandIn, PylonWebhook
from sandbox.pylon_objects import MessageAuthor, SlackRoot
from sandbox.server import SandboxServer
from tests.pylon_document import OPENAPI, validator_of
from tests.sandbox.conftest import Clock
from tests.sandbox.receiver import Receiver


class Pylon:
    """A Pylon with one ticket, and its API as a client sees it."""

    def __init__(self, stand_in: PylonStandIn, server: SandboxServer, http: httpx.Client, clock: Clock) -> None:
        self.stand_in, self.server, self.http = stand_in, server, http
        self.account = stand_in.add_account(
            pylon_objects.account("Kestrel", "kestrel.example", created_at=clock(), slack_channel_id="C0K")
        )
        self.contact = stand_in.add_contact(
            pylon_objects.contact("Marta", "marta@kestrel.example", self.account, slack_user_id="U0M")
        )
        self.issue = stand_in.add_issue(
            pylon_objects.issue(
                stand_in.next_number(),
                "Export <stops>",
                "It stops at 1,000 rows & says nothing.",
                of_account=self.account,
                requester=self.contact,
                source="slack",
                created_at=clock(),
                slack=SlackRoot("T0HOME", "C0K", "1.000001"),
            )
        )
        author = MessageAuthor(str(self.contact["id"]), "Marta", "marta@kestrel.example", is_contact=True)
        for number in range(3):
            clock.move(timedelta(seconds=1))
            note = pylon_objects.message(author, f"Number {number}", source="slack", at=clock(), is_private=number == 2)
            stand_in.add_message(str(self.issue["id"]), note)

    def get(self, path: str, token: str | None = None) -> httpx.Response:
        authorization = f"Bearer {self.stand_in.token}" if token is None else token
        return self.http.get(f"{self.server.pylon_api_url}{path}", headers={"authorization": authorization})

    def create(self, body: JsonObject) -> httpx.Response:
        bearer = {"authorization": f"Bearer {self.stand_in.token}"}
        return self.http.post(f"{self.server.pylon_api_url}/issues", json=body, headers=bearer)

    def search(self, body: JsonObject) -> httpx.Response:
        bearer = {"authorization": f"Bearer {self.stand_in.token}"}
        return self.http.post(f"{self.server.pylon_api_url}/issues/search", json=body, headers=bearer)


def as_documented(path: str, method: str, answer: JsonValue) -> None:
    validator = validator_of(path, method, "200")
    assert validator is not None
    validator.validate(answer)


@pytest.fixture
def api(pylon: PylonStandIn, server: SandboxServer, http: httpx.Client, clock: Clock) -> Pylon:
    return Pylon(pylon, server, http, clock)


@pytest.mark.skipif(not OPENAPI.exists(), reason="Pylon's OpenAPI document is not beside this checkout")
@pytest.mark.parametrize(
    ("documented", "kind"),
    [
        ("/me", "organisation"),
        ("/issues/{id}", "issue"),
        ("/issues/{id}/messages", "issue"),
        ("/accounts/{id}", "account"),
        ("/contacts/{id}", "contact"),
    ],
)
def test_answers_are_as_documented(api: Pylon, documented: str, kind: str) -> None:
    asked = api.stand_in.organisation if kind == "organisation" else getattr(api, kind)

    answer = api.get(documented.replace("{id}", str(asked["id"])))

    assert answer.status_code == 200
    as_documented(documented, "get", answer.json())


@pytest.mark.skipif(not OPENAPI.exists(), reason="Pylon's OpenAPI document is not beside this checkout")
def test_found_issues_are_as_documented(api: Pylon) -> None:
    everything: JsonObject = {"field": "updated_at", "operator": "time_is_after", "value": "2020-01-01T00:00:00Z"}
    answer = api.search({"filter": everything})

    assert [issue["id"] for issue in answer.json()["data"]] == [api.issue["id"]]
    as_documented("/issues/search", "post", answer.json())


def test_issues_have_numbers_and_accounts_external_ids(api: Pylon) -> None:
    by_number = api.get(f"/issues/{api.issue['number']}").json()["data"]

    assert by_number["id"] == api.issue["id"]
    assert by_number["body_html"] == "<p>It stops at 1,000 rows &amp; says nothing.</p>"
    assert by_number["slack"] == {"workspace_id": "T0HOME", "channel_id": "C0K", "message_ts": "1.000001"}
    assert api.get("/accounts/crm-kestrel.example").json()["data"]["id"] == api.account["id"]


def test_messages_come_in_pages(api: Pylon) -> None:
    path = f"/issues/{api.issue['id']}/messages?limit=2"
    first = api.get(path).json()
    second = api.get(f"{path}&cursor={first['pagination']['cursor']}").json()

    assert first["pagination"]["has_next_page"] is True
    assert second["pagination"] == {"cursor": "", "has_next_page": False}
    assert [message["is_private"] for message in first["data"] + second["data"]] == [False, False, True]


@pytest.mark.parametrize(
    ("path", "token", "status", "code"),
    [
        ("/me", "", 401, "invalid_authorization_header"),
        ("/me", "Bearer guessed", 401, "invalid_api_token"),
        ("/issues/none", None, 404, "not_found"),
        ("/issues/none/messages", None, 404, "not_found"),
        ("/contacts/none", None, 404, "not_found"),
    ],
)
def test_errors_have_pylons_shape(api: Pylon, path: str, token: str | None, status: int, code: str) -> None:
    answer = api.get(path, token)

    assert answer.status_code == status
    body = answer.json()
    assert body["code"] == code
    assert [type(error) for error in body["errors"]] == [str]
    assert body["request_id"]


def test_a_fault_on_order_happens_once(api: Pylon) -> None:
    api.stand_in.fail_next("issue", retry_after=9)
    path = f"/issues/{api.issue['id']}"

    limited = api.get(path)

    assert (limited.status_code, limited.headers["x-retry-after"], limited.headers["retry-after"]) == (429, "9", "9")
    assert limited.json()["code"] == "rate_limited"
    assert api.get(path).status_code == 200


def test_search_by_the_time_of_change(api: Pylon, clock: Clock) -> None:
    changed = {"field": "updated_at", "operator": "time_is_after"}
    before, after = clock() - timedelta(seconds=2), clock() + timedelta(seconds=1)

    assert len(api.search({"filter": {**changed, "value": before.isoformat()}}).json()["data"]) == 1
    assert api.search({"filter": {**changed, "value": after.isoformat()}}).json()["data"] == []
    window: JsonObject = {"field": "updated_at", "operator": "time_range", "values": [str(before), str(after)]}
    assert len(api.search({"filter": {"field": "", "operator": "and", "subfilters": [window]}}).json()["data"]) == 1
    assert api.search({"filter": {"field": "mood", "operator": "equals"}}).status_code == 400


def test_triggers_carry_the_header_and_the_signature(pylon: PylonStandIn, receiver: Receiver, cast: Cast) -> None:
    with pytest.raises(SandboxError):
        pylon.send_trigger({"event": "issue.created"})
    pylon.webhook = PylonWebhook(f"{receiver.url}/webhooks/pylon/key", "Authorization", "Bearer secret")

    assert pylon.send_trigger({"event": "issue.created", "issue_id": "2f1c"}).status_code == 200
    pylon.signing_secret = None
    pylon.send_trigger(b'{"event":"{{issue')

    signed, unsigned = receiver.received
    assert signed.path == "webhooks/pylon/key"
    assert signed.headers["authorization"] == "Bearer secret"
    assert len(signed.headers["x-pylon-signature"]) == 64
    assert "x-pylon-signature" not in unsigned.headers
    assert unsigned.body == b'{"event":"{{issue'


def test_the_signature_is_the_plain_hmac_of_the_body(pylon: PylonStandIn, receiver: Receiver) -> None:
    pylon.webhook, pylon.signing_secret = PylonWebhook(f"{receiver.url}/hook"), "whsec_test"

    pylon.send_trigger(b'{"event":"issue.created","issue_id":"2f1c"}')

    (received,) = receiver.received
    expected = "e30f5cf62cd89231c9d8c35e2e7710cfd2b917d2122909af1eb252177c5bb9fb"
    assert received.headers["x-pylon-signature"] == expected == hmac_sha256_hex("whsec_test", received.body)


def test_an_issue_that_is_opened_is_internal_unless_it_says_otherwise(api: Pylon) -> None:
    body: JsonObject = {"title": "Export", "body_html": "<p>It stops.</p>", "account_id": api.account["id"]}
    made = api.create(body).json()["data"]
    assert api.get(f"/issues/{made['id']}").json()["data"]["title"] == "Export"
    assert made["account"]["id"] == api.account["id"]
    api.create(body | {"destination_metadata": {"destination": "internal"}})
    assert api.stand_in.delivered == []
    api.create(body | {"destination_metadata": {"destination": "slack"}})
    assert [each["destination"] for each in api.stand_in.delivered] == ["slack"]


@pytest.mark.skipif(not OPENAPI.exists(), reason="Pylon's OpenAPI document is not beside this checkout")
def test_an_opened_issue_is_as_documented(api: Pylon) -> None:
    answer = api.create({"title": "Export", "body_html": "<p>It stops.</p>", "requester_email": "ada@kestrel.example"})

    as_documented("/issues", "post", answer.json())


@pytest.mark.parametrize(
    "body",
    [
        {"title": "Export", "body_html": "x"},
        {"body_html": "x", "requester_email": "a@b.example"},
        {"title": "x", "requester_email": "a@b.example"},
        {"title": "x", "body_html": "x", "requester_email": "a@b.example",
         "destination_metadata": {"destination": "fax"}},
    ],
)  # fmt: skip
def test_an_issue_needs_words_and_a_person(api: Pylon, body: JsonObject) -> None:
    assert api.create(body).status_code == 400
    assert api.create({**body, "account_id": "none"}).status_code in (400, 404)


def test_answers_say_what_is_left_of_the_minute(api: Pylon, clock: Clock) -> None:
    api.stand_in.budget.allowed["me"] = 2
    first, second, third = (api.get("/me") for _ in range(3))
    assert [first.headers["x-rate-limit-remaining"], second.headers["x-rate-limit-remaining"]] == ["1", "0"]
    assert (third.status_code, third.headers["x-retry-after"]) == (429, "60")
    clock.move(timedelta(seconds=60))
    assert api.get("/me").status_code == 200
