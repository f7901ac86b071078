"""Whatever a stranger, or a platform on a bad day, sends: adapters never raise, and hand on only what can be stored."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import integrations
from core.adapter import Adapter, InboundRequest, Recipient, Secrets
from core.errors import InvalidFields, NotJsonObject
from core.signal import Capture, Needs, Writes
from core.taming import JsonObject
from tests.contract.cases import EVENT_ID, RECEIVED_AT, Case, all_cases, case_files, load
from tests.contract.corpus import BODIES, CONFIGURATIONS, GARBAGE_HEADERS, VALUES, EveryHeader, spoilt

PLATFORMS = sorted(integrations.discover())
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
THOROUGH = settings(deadline=None, max_examples=100)


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_unsigned_requests_are_refused(platform: str, body: bytes) -> None:
    for secrets in CONFIGURATIONS:
        if not secrets.identified:
            assert refusal(platform, {}, body, secrets) is not None


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("value", GARBAGE_HEADERS, ids=range(len(GARBAGE_HEADERS)))
def test_garbage_proofs_are_refused(platform: str, value: str) -> None:
    for secrets in CONFIGURATIONS:
        for body in (b"", b"\xff", b"{}"):
            assert refusal(platform, EveryHeader(value), body, secrets) is not None


@pytest.mark.parametrize("platform", PLATFORMS)
@given(value=st.text() | st.text(st.characters(categories=["Cs", "Nd", "Cc"])), body=st.binary(max_size=200))
@THOROUGH
def test_random_proofs_are_refused(platform: str, value: str, body: bytes) -> None:
    for secrets in CONFIGURATIONS:
        assert refusal(platform, EveryHeader(value), body, secrets) is not None


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_hostile_bodies(platform: str, body: bytes) -> None:
    survive(platform, body)


@pytest.mark.parametrize("platform", PLATFORMS)
@given(body=st.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode()))
@THOROUGH
def test_random_bodies(platform: str, body: bytes) -> None:
    survive(platform, body)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_wrong_values_everywhere_in_the_cases(platform: str) -> None:
    """Each field of each case, one after the other, holds something that it never should."""
    for case in cases_of(platform):
        for place, body in enumerate(spoilt(case.raw["request"].get("body"))):
            for value in (VALUES[place % len(VALUES)], VALUES[(place * 7 + 3) % len(VALUES)]):
                survive(platform, json.dumps(body(value)).encode(), case)


@pytest.mark.parametrize("platform", PLATFORMS)
@given(data=st.data())
@THOROUGH
def test_random_values_in_the_cases(platform: str, data: st.DataObject) -> None:
    case = data.draw(st.sampled_from(cases_of(platform)), label="case")
    places = list(spoilt(case.raw["request"].get("body")))
    if places:
        body = data.draw(st.sampled_from(range(len(places))), label="place")
        survive(platform, json.dumps(places[body](data.draw(JSON, label="value"))).encode(), case)


@pytest.mark.parametrize("case", [case for case in all_cases() if case.findings], ids=lambda case: case.name)
def test_wrong_values_everywhere_in_the_findings(case: Case) -> None:
    """The platform's own API is not believed either."""
    for lookup, finding in case.findings.items():
        for place, spoil in enumerate(spoilt(finding)):
            for value in (VALUES[place % len(VALUES)], VALUES[(place * 7 + 3) % len(VALUES)]):
                findings = {**case.findings, lookup: spoil(value)}
                storable(case.adapter.signals(case.event(case.envelope.type), case.recipient, findings))


def test_the_event_id_is_a_last_resort() -> None:
    """The cases' event id is no text that a body could carry, so a ref that shows it was made from the event."""
    assert all(EVENT_ID.encode() not in case.body for case in all_cases())


def refusal(platform: str, headers: Mapping[str, str], body: bytes, secrets: Secrets) -> object:
    return adapter_of(platform).verify(InboundRequest(headers, body, RECEIVED_AT), secrets)


def survive(platform: str, body: bytes, case: Case | None = None) -> None:
    """The whole way of a body that its sender could authenticate."""
    adapter = adapter_of(platform)
    case = case or cases_of(platform)[0]
    headers: dict[str, str]
    for headers in ({}, EveryHeader("\x00é"), EveryHeader("x" * 10_000)):
        try:
            envelope = adapter.envelope(InboundRequest(headers, body, RECEIVED_AT))
        except (InvalidFields, NotJsonObject):
            assert adapter.validates
            return
        storable(envelope)
        assert len(envelope.external_id or "") <= 255
        assert len(envelope.type) <= 255
    for has_token in (False, True):
        recipient = replace(case.recipient, has_token=has_token, config={})
        decide(case, body, envelope.type, recipient)
        decide(case, body, envelope.type, case.recipient)


def decide(case: Case, body: bytes, event_type: str, recipient: Recipient) -> None:
    event = case.event(event_type, body)
    decision = case.adapter.signals(event, recipient, {})
    storable(decision)
    if isinstance(decision, Needs):
        findings: list[JsonObject] = [{}, {"messages": [{}]}, *case.findings.values()]
        for finding in findings:
            storable(case.adapter.signals(event, recipient, dict.fromkeys(decision.lookups, finding)))


def storable(value: Any) -> None:
    """Every text can be stored: no NUL, no lone surrogate, keys within their columns."""
    text = json.dumps(asdict(value), default=str, ensure_ascii=False, allow_nan=False)
    assert "\\u0000" not in text
    assert text.encode()
    for write in value.writes if isinstance(value, Writes) else ():
        assert 0 < len(write.ref) <= 255
        assert 0 < len(write.version) <= 40
        if isinstance(write, Capture):
            assert write.verbatim.strip()
            keys = [write.author.external_id, write.account.external_id, *(key.ref for key in write.conversation)]
            assert all(len(key or "") <= 255 for key in keys)


def adapter_of(platform: str) -> Adapter:
    return integrations.discover()[platform].adapter


def cases_of(platform: str) -> list[Case]:
    return [load(platform, path) for path in case_files(platform)]
