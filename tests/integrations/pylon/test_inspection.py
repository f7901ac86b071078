"""What the checks of a delivery tell the person who sets Pylon up."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adapter import InboundRequest, Secrets
from core.signatures import hmac_sha256_hex
from integrations.pylon.inspection import CHECKS, inspector
from tests.conftest import NOW

BODY: dict[str, Any] = {"event": "issue.created", "issue_id": "2f1c"}
BOTH = Secrets(signing=("whsec",), header=("tok",))


def request(body: Any = BODY, **headers: str) -> InboundRequest:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return InboundRequest({name.replace("_", "-"): value for name, value in headers.items()}, content, NOW)


def signed(body: Any = BODY) -> dict[str, str]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return {"authorization": "Bearer tok", "x_pylon_signature": hmac_sha256_hex("whsec", content)}


@pytest.mark.parametrize(
    ("secrets", "sent", "found"),
    [
        (BOTH, request(**signed()), ["header_ok", "signature_ok", "issue_id_ok"]),
        (Secrets(header=("tok",)), request(**signed()), ["header_ok", "signature_unused", "issue_id_ok"]),
        (Secrets(signing=("whsec",)), request(**signed()), ["signature_ok", "issue_id_ok"]),
        (BOTH, request({"a": "{{ issue.id }}"}, **signed({"a": "{{ issue.id }}"})),
         ["header_ok", "signature_ok", "unresolved_variable", "issue_id_missing"]),
        (BOTH, request(b'{"issue_id": "1", "issue_id": "2"}', **signed(b'{"issue_id": "1", "issue_id": "2"}')),
         ["header_ok", "signature_ok", "keys_repeated", "issue_id_ok"]),
        (BOTH, request(b"not json", **signed(b"not json")), ["header_ok", "signature_ok", "body_not_json"]),
    ],
)  # fmt: skip
def test_authentic_deliveries(secrets: Secrets, sent: InboundRequest, found: list[str]) -> None:
    assert list(inspector().inspect(sent, secrets, is_authentic=True)) == found


@pytest.mark.parametrize(
    ("fields", "is_unresolved"),
    [
        ({"issue_body": "Our merge tag {{ name }} prints as it is."}, False),
        ({"issue": {"title": "{{ name }} in mails", "body_html": "<p>{{name}}</p>"}}, False),
        ({"message": {"text": "Use {{ name }}"}, "issue_account_name": "The {{ }} Company"}, False),
        ({"attachment_urls": "{{ issue.attachment_urls }}"}, True),
        ({"issue_body": " {{ issue.body }} "}, True),
        ({"issue_link": "https://app.usepylon.com/issues/{{ issue.number }}"}, True),
        ({"data": {"issue": {"Status": "state: {{issue.state}}"}}}, True),
        ({"tags": ["export", "x {{ issue.tag }}"]}, True),
        ({"words": ["{{ a }}"]}, True),
    ],
)
def test_a_variable_is_told_from_what_a_customer_wrote(fields: dict[str, Any], is_unresolved: bool) -> None:
    sent = request(BODY | fields)
    found = inspector().inspect(sent, BOTH, is_authentic=True)
    assert ("unresolved_variable" in found) is is_unresolved


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (request(), ["header_missing", "signature_missing"]),
        (request(authorization="Bearer other", x_pylon_signature="00"), ["header_wrong", "signature_wrong"]),
        (request(b"\xff", authorization="Basic x"), ["header_wrong", "signature_missing"]),
    ],
)
def test_of_others_only_the_credentials_are_looked_at(sent: InboundRequest, found: list[str]) -> None:
    assert list(inspector().inspect(sent, BOTH, is_authentic=False)) == found


def test_a_stale_timestamp_is_told_from_a_wrong_signature() -> None:
    timed = Secrets(signing=("whsec",), accepts_timed=True)
    sent = request(pylon_webhook_signature="00", pylon_webhook_timestamp="1")
    assert list(inspector().inspect(sent, timed, is_authentic=False)) == ["timestamp_wrong"]


@given(st.binary(max_size=300), st.booleans())
def test_every_finding_is_explained(body: bytes, is_authentic: bool) -> None:
    assert set(inspector().inspect(request(body, **signed(body)), BOTH, is_authentic=is_authentic)) <= CHECKS.keys()
