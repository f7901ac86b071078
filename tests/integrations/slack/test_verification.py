"""Slack's signature: what passes, and why everything else does not."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapter import InboundRequest, Refusal, Secrets
from integrations.slack.adapter import ADAPTER

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
TIMESTAMP = str(int(NOW.timestamp()))
BODY = b'{"type":"event_callback"}'
SECRETS = Secrets(signing=("newest", "previous"))


def signed(secret: str, timestamp: str = TIMESTAMP, body: bytes = BODY) -> str:
    """Slack's recipe, written out apart from the code under test."""
    return "v0=" + hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()


def at(seconds: int) -> str:
    return str(int(TIMESTAMP) + seconds)


@dataclass(frozen=True)
class Row:
    name: str
    reason: str | None
    signature: str | None = signed("newest")
    timestamp: str | None = TIMESTAMP
    body: bytes = BODY
    secrets: Secrets = SECRETS


ROWS = [
    Row("newest secret", None),
    Row("previous secret", None, signed("previous")),
    Row("bytes that are no text", None, signed("newest", body=b"\xff"), body=b"\xff"),
    Row("empty body", None, signed("newest", body=b""), body=b""),
    Row("five minutes old", None, signed("newest", at(-300)), at(-300)),
    Row("five minutes ahead", None, signed("newest", at(300)), at(300)),
    Row("older", "timestamp_stale", signed("newest", at(-301)), at(-301)),
    Row("further ahead", "timestamp_stale", signed("newest", at(301)), at(301)),
    Row("no signature", "signature_missing", None),
    Row("empty signature", "signature_missing", ""),
    Row("no timestamp", "timestamp_missing", timestamp=None),
    Row("empty timestamp", "timestamp_missing", timestamp=""),
    Row("a word for a timestamp", "timestamp_invalid", timestamp="now"),
    Row("a negative timestamp", "timestamp_invalid", timestamp="-" + TIMESTAMP),
    Row("a decimal timestamp", "timestamp_invalid", timestamp=TIMESTAMP + ".0"),
    Row("Arabic digits", "timestamp_invalid", timestamp="١٧٩٥٢٥٥٢٠٠"),
    Row("superscript digits", "timestamp_invalid", timestamp="¹²³"),
    Row("a huge timestamp", "timestamp_invalid", timestamp="9" * 100_000),
    Row("another secret", "signature_mismatch", signed("stolen")),
    Row("another body", "signature_mismatch", body=BODY + b" "),
    Row("another timestamp", "signature_mismatch", timestamp=at(1)),
    Row("no version", "signature_mismatch", signed("newest").removeprefix("v0=")),
    Row("upper case", "signature_mismatch", signed("newest").upper()),
    Row("not ASCII", "signature_mismatch", "v0=é\udcff"),
    Row("a huge signature", "signature_mismatch", "v0=" + "0" * 1_000_000),
    Row("no secret", "not_configured", secrets=Secrets()),
    Row("an empty secret signs nothing", "not_configured", signed(""), secrets=Secrets(signing=("",))),
    Row("an empty previous secret signs nothing", "signature_mismatch", signed(""), secrets=Secrets(("newest", ""))),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_signature(row: Row) -> None:
    named = {"x-slack-signature": row.signature, "x-slack-request-timestamp": row.timestamp}
    headers = {name: value for name, value in named.items() if value is not None}
    expected = Refusal(row.reason) if row.reason else None
    assert ADAPTER.verify(InboundRequest(headers, row.body, NOW), row.secrets) == expected


ANY_TEXT = st.text(st.characters(codec=None))
HEADER_NAMES = st.sampled_from(["x-slack-signature", "x-slack-request-timestamp"]) | ANY_TEXT


@settings(deadline=None)
@given(st.dictionaries(HEADER_NAMES, ANY_TEXT | st.just(TIMESTAMP)), st.binary())
def test_a_stranger_is_refused_and_never_raises(headers: dict[str, str], body: bytes) -> None:
    assert isinstance(ADAPTER.verify(InboundRequest(headers, body, NOW), SECRETS), Refusal)
