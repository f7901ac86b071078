"""Which proofs Pylon's deliveries must carry, for each configuration of the connection."""

from datetime import UTC, datetime

import pytest

from core.adapter import InboundRequest, Refusal, Secrets
from core.signatures import hmac_sha256_hex
from integrations.pylon.adapter import ADAPTER
from integrations.pylon.verification import refusal
from tests.contract.cases import RECEIVED_AT

SECRET = "whsec_test"
BODY = b'{"event":"issue.created","issue_id":"2f1c"}'
SIGNATURE = "e30f5cf62cd89231c9d8c35e2e7710cfd2b917d2122909af1eb252177c5bb9fb"
TIMED_SIGNATURE = "322d96f57f19d3ea0f91b56311f05aa6cd7b2a0b56e668501b5c6b5792cfb45b"
SIGNED = {"x-pylon-signature": SIGNATURE}
BEARER = {"authorization": "Bearer tok"}

SIGNING = Secrets(signing=(SECRET,))
HEADER = Secrets(header=("tok",))
BOTH = Secrets(signing=(SECRET,), header=("tok",))
TIMED = Secrets(signing=(SECRET,), accepts_timed=True)
STAMP = "1760000000"
RAW_HEADER = Secrets(header=("tok",), header_name="X-Webhook-Secret")


@pytest.mark.parametrize(
    ("secrets", "headers", "reason"),
    [
        (Secrets(), {**SIGNED, **BEARER}, "not_configured"),
        (Secrets(signing=("",), header=("",)), {"authorization": "Bearer "}, "not_configured"),
        (SIGNING, {}, "signature_missing"),
        (SIGNING, BEARER, "signature_missing"),
        (SIGNING, SIGNED, None),
        (SIGNING, {"x-pylon-signature": SIGNATURE.upper()}, None),
        (SIGNING, {"x-pylon-signature": f"sha256={SIGNATURE}"}, None),
        (SIGNING, {"x-pylon-signature": f"HS256={SIGNATURE}"}, None),
        (SIGNING, {"x-pylon-signature": TIMED_SIGNATURE}, "signature_mismatch"),
        (SIGNING, {"x-pylon-signature": SIGNATURE[:-1]}, "signature_mismatch"),
        (SIGNING, {"x-pylon-signature": f"{SIGNATURE},{SIGNATURE}"}, "signature_mismatch"),
        (SIGNING, {"x-pylon-signature": "٣" * 64}, "signature_mismatch"),
        (Secrets(signing=("newer", SECRET)), SIGNED, None),
        (SIGNING, {**BEARER, "x-pylon-signature": "0" * 64}, "signature_mismatch"),
        (SIGNING, {"x-pylon-signature": "  "}, "signature_missing"),
        (SIGNING, {"x-pylon-signature": f"v1={SIGNATURE}"}, "signature_mismatch"),
        (HEADER, {}, "token_missing"),
        (HEADER, BEARER, None),
        (HEADER, {"authorization": "bearer   tok"}, None),
        (HEADER, {"authorization": "BEARER tok"}, None),
        (HEADER, {"authorization": "tok"}, "token_mismatch"),
        (HEADER, {"authorization": "Basic tok"}, "token_mismatch"),
        (HEADER, {"authorization": "Bearer nope"}, "token_mismatch"),
        (HEADER, {"authorization": "Bearer "}, "token_mismatch"),
        (HEADER, {"authorization": "Bearer TOK"}, "token_mismatch"),
        (HEADER, {"authorization": "Bearer t\xf6k"}, "token_mismatch"),
        (Secrets(header=("t\xf6k",)), {"authorization": "Bearer t\xf6k"}, None),
        (Secrets(header=("tok",), header_name="X-API-Key"), {"x-api-key": "tok"}, None),
        (Secrets(header=("tok",), header_name="AUTHORIZATION"), BEARER, None),
        (HEADER, {**BEARER, "x-pylon-signature": "of a secret nobody gave us"}, None),
        (HEADER, SIGNED, "token_missing"),
        (Secrets(header=("newer", "tok")), BEARER, None),
        (RAW_HEADER, {"x-webhook-secret": "tok"}, None),
        (RAW_HEADER, {"x-webhook-secret": "Bearer tok"}, "token_mismatch"),
        (RAW_HEADER, BEARER, "token_missing"),
        (BOTH, {**SIGNED, **BEARER}, None),
        (BOTH, SIGNED, "token_missing"),
        (BOTH, BEARER, "signature_missing"),
        (BOTH, {**BEARER, "x-pylon-signature": "0" * 64}, "signature_mismatch"),
        (BOTH, {**SIGNED, "authorization": "Bearer nope"}, "token_mismatch"),
    ],
)
def test_the_configuration_decides(secrets: Secrets, headers: dict[str, str], reason: str | None) -> None:
    request = InboundRequest(headers, BODY, RECEIVED_AT)

    assert refusal(request, secrets) == (Refusal(reason) if reason else None)


def test_another_body_needs_another_signature() -> None:
    assert refusal(InboundRequest(SIGNED, BODY + b" ", RECEIVED_AT), SIGNING) == Refusal("signature_mismatch")


def test_the_secret_is_used_as_the_text_it_is() -> None:
    headers = {"x-pylon-signature": hmac_sha256_hex("gehéim", BODY)}

    assert refusal(InboundRequest(headers, BODY, RECEIVED_AT), Secrets(signing=("gehéim",))) is None


@pytest.mark.parametrize(
    ("secrets", "headers", "reason"),
    [
        (TIMED, {"pylon-webhook-signature": TIMED_SIGNATURE, "pylon-webhook-timestamp": STAMP}, None),
        (TIMED, {"pylon-webhook-signature": f"hs256={TIMED_SIGNATURE}", "pylon-webhook-timestamp": STAMP}, None),
        (TIMED, {"x-pylon-signature": TIMED_SIGNATURE, "x-pylon-timestamp": STAMP}, None),
        (TIMED, SIGNED, None),
        (TIMED, {}, "signature_missing"),
        (TIMED, {"pylon-webhook-timestamp": STAMP}, "signature_missing"),
        (TIMED, {"pylon-webhook-signature": TIMED_SIGNATURE}, "timestamp_missing"),
        (TIMED, {"pylon-webhook-signature": TIMED_SIGNATURE, "x-pylon-timestamp": STAMP}, "timestamp_missing"),
        (TIMED, {"pylon-webhook-signature": SIGNATURE, "pylon-webhook-timestamp": STAMP}, "signature_mismatch"),
        (TIMED, {**SIGNED, "x-pylon-timestamp": STAMP}, "signature_mismatch"),
        (TIMED, {"x-pylon-signature": TIMED_SIGNATURE}, "signature_mismatch"),
        (TIMED, {"x-pylon-signature": TIMED_SIGNATURE, "x-pylon-timestamp": "soon"}, "timestamp_invalid"),
        (TIMED, {"x-pylon-signature": TIMED_SIGNATURE, "x-pylon-timestamp": "١٧٦٠"}, "timestamp_invalid"),
        (TIMED, {"x-pylon-signature": TIMED_SIGNATURE, "x-pylon-timestamp": "1760000001"}, "signature_mismatch"),
        (TIMED, {**SIGNED, "pylon-webhook-signature": TIMED_SIGNATURE, "pylon-webhook-timestamp": STAMP}, None),
        (TIMED, {**SIGNED, "pylon-webhook-signature": "00", "pylon-webhook-timestamp": STAMP}, "signature_mismatch"),
        (TIMED, {"x-pylon-signature": "00", "pylon-webhook-signature": TIMED_SIGNATURE,
                 "pylon-webhook-timestamp": STAMP}, "signature_mismatch"),
        (SIGNING, {"pylon-webhook-signature": TIMED_SIGNATURE, "pylon-webhook-timestamp": STAMP}, "signature_missing"),
        (SIGNING, {"x-pylon-signature": TIMED_SIGNATURE, "x-pylon-timestamp": STAMP}, "signature_mismatch"),
        (SIGNING, {**SIGNED, "x-pylon-timestamp": "soon"}, None),
        (SIGNING, {**SIGNED, "pylon-webhook-signature": "00"}, None),
        (Secrets(signing=(SECRET,), header=("tok",), accepts_timed=True),
         {"x-pylon-signature": TIMED_SIGNATURE, "x-pylon-timestamp": STAMP}, "token_missing"),
        (Secrets(header=("tok",), accepts_timed=True), BEARER, None),
        (Secrets(accepts_timed=True), SIGNED, "not_configured"),
    ],
)  # fmt: skip
def test_signed_timestamps_count_only_where_the_connection_chose_them(
    secrets: Secrets, headers: dict[str, str], reason: str | None
) -> None:
    at = datetime.fromtimestamp(int(STAMP), UTC)

    assert refusal(InboundRequest(headers, BODY, at), secrets) == (Refusal(reason) if reason else None)


@pytest.mark.parametrize(
    ("seconds", "reason"), [(-301, "timestamp_stale"), (-300, None), (300, None), (301, "timestamp_stale")]
)
def test_a_signed_timestamp_is_good_for_five_minutes(seconds: int, reason: str | None) -> None:
    headers = {"x-pylon-signature": TIMED_SIGNATURE, "x-pylon-timestamp": STAMP}
    at = datetime.fromtimestamp(int(STAMP) + seconds, UTC)

    assert refusal(InboundRequest(headers, BODY, at), TIMED) == (Refusal(reason) if reason else None)


@pytest.mark.parametrize("secrets", [SIGNING, TIMED])
def test_one_scheme_cannot_pass_for_the_other(secrets: Secrets) -> None:
    """The bytes that the other scheme signs are no JSON object, so nothing is read from them."""
    request = InboundRequest({"x-pylon-signature": TIMED_SIGNATURE}, f"{STAMP}.".encode() + BODY, RECEIVED_AT)

    assert refusal(request, secrets) is None
    assert ADAPTER.envelope(request).malformed == "not_json_object"
