"""The generic webhook's proofs and ids."""

import pytest

from core.adapter import Envelope, InboundRequest, ReceivedEvent, Recipient, Refusal, Secrets
from core.signal import Ignored
from core.signatures import hmac_sha256_hex
from integrations.webhook.adapter import ADAPTER
from tests.contract.cases import RECEIVED_AT

SECRET = "whsec_c2VjcmV0"
BODY = b'{"verbatim": "We need SSO."}'
SIGNATURE = f"sha256={hmac_sha256_hex(SECRET, BODY)}"
KNOWN = Secrets(signing=(SECRET,), identified=True)
UNKNOWN = Secrets(signing=("whsec_newer", SECRET))


@pytest.mark.parametrize(
    ("secrets", "headers", "reason"),
    [
        (KNOWN, {}, None),
        (KNOWN, {"webhook-id": "msg_1"}, None),
        (KNOWN, {"x-webhook-signature": SIGNATURE}, None),
        (KNOWN, {"x-webhook-signature": "sha256=" + "0" * 64}, "signature_mismatch"),
        (KNOWN, {"x-webhook-signature": ""}, "signature_mismatch"),
        (KNOWN, {"x-webhook-signature": SIGNATURE.removeprefix("sha256=")}, "signature_mismatch"),
        (Secrets(identified=True), {"x-webhook-signature": SIGNATURE}, "signature_mismatch"),
        (Secrets(signing=("",), identified=True), {"x-webhook-signature": SIGNATURE}, "signature_mismatch"),
        (UNKNOWN, {"x-webhook-signature": SIGNATURE}, None),
        (UNKNOWN, {"x-webhook-signature": SIGNATURE.upper()}, None),
        (UNKNOWN, {}, "signature_missing"),
        (UNKNOWN, {"webhook-id": "msg_1"}, "signature_missing"),
        (Secrets(), {"x-webhook-signature": SIGNATURE}, "signature_mismatch"),
        (KNOWN, {"x-webhook-signature": SIGNATURE, "x-webhook-timestamp": "1"}, "mode_not_supported"),
        (KNOWN, {"webhook-signature": "v1,x"}, "mode_not_supported"),
        (UNKNOWN, {"x-webhook-signature": SIGNATURE, "webhook-timestamp": "1"}, "mode_not_supported"),
    ],
)
def test_proofs(secrets: Secrets, headers: dict[str, str], reason: str | None) -> None:
    request = InboundRequest(headers, BODY, RECEIVED_AT)

    assert ADAPTER.verify(request, secrets) == (Refusal(reason) if reason else None)


@pytest.mark.parametrize(
    ("headers", "body", "external_id"),
    [
        ({}, BODY, None),
        ({"webhook-id": " msg_1 "}, BODY, "msg_1"),
        ({"webhook-id": "\x00"}, BODY, None),
        ({"webhook-id": ""}, b'{"verbatim": "x", "source_ref": "call-1"}', "ref:call-1"),
        ({"webhook-id": "msg_1"}, b'{"verbatim": "x", "source_ref": "call-1"}', "msg_1"),
    ],
)
def test_ids(headers: dict[str, str], body: bytes, external_id: str | None) -> None:
    request = InboundRequest(headers, body, RECEIVED_AT)

    assert ADAPTER.envelope(request) == Envelope("signal", external_id=external_id)


@pytest.mark.parametrize(("body", "reason"), [(b"[]", "not_json_object"), (b"{}", "invalid_fields")])
def test_a_stored_body_that_rules_have_outgrown_is_ignored(body: bytes, reason: str) -> None:
    event = ReceivedEvent("evt_1", "webhook", "signal", body, RECEIVED_AT)

    assert ADAPTER.signals(event, Recipient("ws_1"), {}) == Ignored(reason)
