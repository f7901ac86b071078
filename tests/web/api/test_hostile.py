"""No bytes a stranger can send make any route answer 5xx."""

import json
import re

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import Database
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import add_integration

HOSTILE = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

NAMES = st.sampled_from([
    "q", "source", "status", "account", "channel", "author", "since", "until", "limit", "cursor", "state", "type",
    "platform", "name", "pylon_region", "access_token", "webhook_secret", "header_secret", "header_name", "config",
    "slack_channels", "pylon_events", "slack_capture", "app_id", "is_active", "id", "include_deleted",
])  # fmt: skip
TEXTS = st.text(max_size=30) | st.sampled_from([
    "\x00", "\ud800", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "%", "pylon", "token-globex", "null",
    "MDAwMS0wMS0wMVQwMDowMDowMFogeA", "MjAyNi0xMS0yMFQxMDowMDowMFog4Q", "9" * 5000, "C01", "desk", "true",
])  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | TEXTS, inner, max_size=4),
    max_leaves=12,
)
BODIES = (
    st.dictionaries(NAMES, JSON, max_size=6).map(lambda value: json.dumps(value).encode())
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.binary(max_size=60)
    | st.sampled_from([b"[" * 100_000, b'{"a":' * 50_000, b'{"name": 1e999}', b'{"name": "\xff"}', b"\xef\xbb\xbf{}"])
)


def storable(text: str) -> str:
    """What the test client can put into a URL; NUL may stay."""
    return text.encode("utf-8", "replace").decode()


def routes(app: Flask) -> list[tuple[str, str]]:
    return [
        (method, rule.rule.removeprefix("/api/v1"))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in sorted((rule.methods or set()) | {"PUT", "TRACE"})
    ]


@HOSTILE
@given(data=st.data())
def test_no_request_of_a_known_caller_breaks_a_route(
    app: Flask, api: Api, database: Database, alice: Tenant, data: st.DataObject
) -> None:
    method, path = data.draw(st.sampled_from(routes(app)))
    ids = ["%00", "%ff", "sig_%C3%BC", "'", "x" * 300]
    identity = data.draw(st.sampled_from([*ids, *["integration"] * 10]))
    if identity == "integration":
        identity = add_integration(database, alice.workspace_id)
    options = {
        "data": data.draw(BODIES),
        "query_string": data.draw(st.dictionaries(NAMES, TEXTS.map(storable), max_size=5)),
        "headers": {"Content-Type": data.draw(st.sampled_from(["application/json", "text/plain", "x", ""]))},
    }
    answer = api.call(method, re.sub(r"<\w+>", identity, path), **options)
    assert answer.status_code < 500, answer.text


@HOSTILE
@given(
    header=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=40),
    scheme=st.sampled_from(["", "Bearer ", "Bearer sbx_"]),
    data=st.data(),
)
def test_no_authorization_header_breaks_a_route(
    app: Flask, api: Api, header: str, scheme: str, data: st.DataObject
) -> None:
    method, path = data.draw(st.sampled_from(routes(app)))
    answer = api.call(method, re.sub(r"[<>]", "", path), headers={"Authorization": scheme + header})
    assert answer.status_code in (401, 405), answer.text


def test_bodies_that_are_no_object_are_refused(api: Api) -> None:
    for body in (b"[]", b"null", b'"x"', b"{", b"\xff", b"[" * 100_000):
        answer = api.call("POST", "/webhook-keys", data=body)
        assert (answer.status_code, answer.get_json()["code"]) == (400, "not_json_object"), body[:10]


def test_bodies_above_one_mebibyte_are_refused(api: Api) -> None:
    answer = api.call("POST", "/webhook-keys", data=b'{"name": "' + b"x" * 1024 * 1024 + b'"}')
    assert (answer.status_code, answer.get_json()["code"]) == (413, "payload_too_large")
