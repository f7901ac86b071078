"""Pylon's Custom App: Go's way to write a query as JSON, whose requests are authentic, and what is shown."""

from datetime import UTC, datetime
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adapter import Refusal, Secrets
from core.panel import Handshake, PanelRequest, Said, Told, Wanted
from core.signal import ConversationKey
from core.signatures import hmac_sha256_hex
from integrations.pylon.custom_app import marshalled, parameters, refusal
from integrations.pylon.panel import panel

BOTH = Secrets(signing=("whsec",), header=("tok",))
QUERY = b"request_type=verify&code=0bcb6f58"


def go(query: bytes) -> bytes:
    return marshalled(parameters(query))


@pytest.mark.parametrize(
    ("query", "written"),
    [
        (b"", b"{}"),
        (QUERY, b'{"code":["0bcb6f58"],"request_type":["verify"]}'),
        (b"b=2&a=1&b=3", b'{"a":["1"],"b":["2","3"]}'),
        (b"B=1&a=1&A=1", b'{"A":["1"],"B":["1"],"a":["1"]}'),
        (b"a", b'{"a":[""]}'),
        (b"a=&=b&&", b'{"":["b"],"a":[""]}'),
        (b"a=b=c", b'{"a":["b=c"]}'),
        (b"requester_email=ada%2Bsupport%40x.example", b'{"requester_email":["ada+support@x.example"]}'),
        (b"a=b+c%20d", b'{"a":["b c d"]}'),
        (b"a=%3Cb%3E%26", b'{"a":["\\u003cb\\u003e\\u0026"]}'),
        (b"a=%22%5C%2F%27", b'{"a":["\\"\\\\/\'"]}'),
        (b"a=%00%01%1f%7f", b'{"a":["\\u0000\\u0001\\u001f\x7f"]}'),
        (b"a=%08%0c%0a%0d%09", b'{"a":["\\b\\f\\n\\r\\t"]}'),
        (b"a=%e2%80%a8%e2%80%a9", b'{"a":["\\u2028\\u2029"]}'),
        (b"a=%C3%BC%F0%9F%98%80", '{"a":["ü😀"]}'.encode()),
        ("a=ü".encode(), '{"a":["ü"]}'.encode()),
        (b"a=%ff%e2%82", b'{"a":["\\ufffd\\ufffd\\ufffd"]}'),
        (b"a=%ed%a0%80", b'{"a":["\\ufffd\\ufffd\\ufffd"]}'),
        (b"a=%EF%BF%BD", '{"a":["\ufffd"]}'.encode()),
        (b"a=%zz&b=1", b'{"b":["1"]}'),
        (b"a=%4&b=1&%=2", b'{"b":["1"]}'),
        (b"a;b=1&c=2", b'{"c":["2"]}'),
        (b"a=1;2&c=2", b'{"c":["2"]}'),
        (b"%61=1", b'{"a":["1"]}'),
    ],
)
def test_a_query_is_written_as_go_writes_it(query: bytes, written: bytes) -> None:
    """Expected values follow Go's ``net/url`` and ``encoding/json`` (1.22), read rule by rule."""
    assert go(query) == written


def signed(query: bytes = QUERY, secret: str = "whsec", **headers: str) -> PanelRequest:
    given = {"x-pylon-signature": hmac_sha256_hex(secret, go(query))} | headers
    return PanelRequest(given, query)


@pytest.mark.parametrize(
    ("secrets", "request_", "reason"),
    [
        (Secrets(), signed(), "not_configured"),
        (BOTH, signed(authorization="Bearer tok"), None),
        (BOTH, signed(), "token_missing"),
        (BOTH, signed(authorization="Bearer nope"), "token_mismatch"),
        (BOTH, PanelRequest({"authorization": "Bearer tok"}, QUERY), "signature_missing"),
        (BOTH, PanelRequest({"authorization": "Bearer tok", "x-pylon-signature": "00"}, QUERY), "signature_mismatch"),
        (Secrets(signing=("newer", "whsec")), signed(), None),
        (Secrets(signing=("other",)), signed(), "signature_mismatch"),
        (Secrets(header=("tok",)), PanelRequest({"authorization": "Bearer tok"}, QUERY), None),
        (Secrets(header=("tok",)), signed(), "token_missing"),
        (Secrets(signing=("whsec",)), PanelRequest(signed().headers, QUERY + b"&issue_id=2"), "signature_mismatch"),
        (Secrets(signing=("whsec",)), PanelRequest({"x-pylon-signature": "٣" * 64}, QUERY), "signature_mismatch"),
        (Secrets(signing=("whsec",)), PanelRequest({"x-pylon-signature": hmac_sha256_hex("whsec", QUERY)}, QUERY),
         "signature_mismatch"),
    ],
)  # fmt: skip
def test_the_configuration_decides(secrets: Secrets, request_: PanelRequest, reason: str | None) -> None:
    assert refusal(request_, secrets) == (Refusal(reason) if reason else None)


def test_the_order_of_parameters_does_not_matter_and_their_values_do() -> None:
    shuffled = PanelRequest(signed(b"a=1&b=2").headers, b"b=2&a=1")
    assert refusal(shuffled, Secrets(signing=("whsec",))) is None


@pytest.mark.parametrize(
    ("query", "question"),
    [
        (QUERY, Handshake("0bcb6f58")),
        (b"request_type=fetch_data&issue_id=2f1c&organization_id=o1&account_id=a",
         Wanted(ConversationKey("pylon_issue", "2f1c"), "o1")),
        (b"request_type=fetch_data&issue_id=2f1c", Wanted(ConversationKey("pylon_issue", "2f1c"), None)),
        (b"request_type=fetch_data&issue_id=first&issue_id=second",
         Wanted(ConversationKey("pylon_issue", "first"), None)),
        (b"request_type=fetch_data&issue_id=%00", None),
        (b"request_type=fetch_data", None),
        (b"request_type=verify&code=" + b"x" * 501, None),
        (b"request_type=verify", None),
        (b"code=1", None),
        (b"", None),
    ],
)  # fmt: skip
def test_what_is_asked(query: bytes, question: object) -> None:
    assert panel().question(PanelRequest({}, query)) == question


@given(st.binary(max_size=200))
def test_strangers_raise_nothing(query: bytes) -> None:
    request_ = PanelRequest({"x-pylon-signature": "00", "authorization": "Bearer x"}, query)
    assert refusal(request_, BOTH) == Refusal("signature_mismatch")
    panel().question(request_)
    go(query).decode()


SAID = Said(
    words="It stops.\n" * 80, author="Ada", at=datetime(2026, 11, 20, 10, tzinfo=UTC), source="slack",
    url="https://box.example/signals/sig_1", source_url="https://acme.slack.com/archives/C1/p1", severity="high",
)  # fmt: skip


@pytest.mark.parametrize(
    "told",
    [
        Told("https://box.example/signals"),
        Told("https://box.example/conversations/con_1", (SAID,), 1),
        Told("https://box.example/conversations/con_1", (SAID, SAID), 7),
    ],
)
def test_what_is_shown_fits_pylons_schema(told: Told) -> None:
    shown: Any = panel().answer(told)
    jsonschema.validate(shown, SCHEMA)
    kinds = [component["type"] for component in shown["components"]]
    assert kinds[-1] == "button"
    assert kinds.count("card") == len(told.said)
    assert (f"{told.count - len(told.said)} more" in str(shown)) == (told.count > len(told.said))
    if told.said:
        card = shown["components"][0]
        assert card["header"]["title"] == "Ada"
        assert len(card["components"][0]["value"]) == 500
        assert card["components"][1]["value"] == "2026-11-20T10:00:00Z"
        assert [item["url"] for item in card["components"] if item["type"] == "link"] == [SAID.url, SAID.source_url]


def _of(kind: str, *required: str, **more: Any) -> dict[str, Any]:
    texts = {name: {"type": "string"} for name in required}
    return {
        "type": "object", "required": ["type", *required, *more], "additionalProperties": False,
        "properties": {"type": {"const": kind}} | texts | more,
    }  # fmt: skip


_BADGE = _of("badge", "label", items={"type": "array", "items": {
    "type": "object", "required": ["value", "color"],
    "properties": {"value": {"type": "string"}, "color": {"enum": ["blue", "green", "red", "orange", "gray"]}},
}})  # fmt: skip
_PARTS = [
    _of("text", "label", "value"), _of("date_time", "label", "value"), _BADGE, _of("link", "label", "url"),
    _of("button", "label", "url", button_type={"const": "link"}), _of("divider"),
]  # fmt: skip
_HEADER = {"type": "object", "properties": {"title": {"type": "string"}}}
_CARD = _of("card", header=_HEADER, components={"type": "array", "items": {"oneOf": _PARTS}})
SCHEMA = {
    "type": "object", "required": ["version", "header", "components"],
    "properties": {
        "version": {"const": "1.0.0"}, "header": _HEADER,
        "components": {"type": "array", "items": {"oneOf": [_CARD, *_PARTS]}},
    },
}  # fmt: skip
"""The rules of the schema that Pylon documents (version 1.0.0), without optional icons."""
