"""Whatever Slack sends, the adapter answers."""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapter import AccountKey, Envelope, InboundRequest, ReceivedEvent, Recipient
from core.signal import Capture, Decision, Ignored, Needs, Removal, Writes
from core.taming import JsonObject, JsonValue
from integrations.slack.adapter import ADAPTER
from integrations.slack.messages import as_ts, moment
from integrations.slack.retelling import reteller

RETELLER = reteller()
NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
HOME = AccountKey(None, "T0HOME")
CASES = Path(__file__).parents[3] / "integrations" / "slack" / "cases"
SAMPLES = Path(__file__).parents[4] / "shared" / "data" / "slack-samples"

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["1795255200.000100", "C0SHARED01", "T0HOME", "E0HOME", "U0BOT", "true", "tombstone", "https://["]
    )
)
JSON: st.SearchStrategy[JsonValue] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


REQUESTS = [json.loads(case.read_text())["request"] for case in sorted(CASES.glob("*.json"))]
BODIES: list[JsonObject] = [request["body"] for request in REQUESTS if "body" in request]
MESSAGE: JsonObject = json.loads((CASES / "message_file_share.json").read_text())["request"]["body"]
CONFIG: JsonObject = {
    "slack_capture": "all",
    "slack_url": "https://acme.slack.com/",
    "slack_channels": [{"id": "C0SHARED01", "name": "support", "capture": "external"}],
}

FINDING: JsonObject = {
    "team_id": "T0HOME",
    "is_guest": False,
    "message": {"ts": "1795255200.123459", "user": "U0CUSTOMER", "text": "It is slow.", "team": "T0CUSTOMER"},
}
"""One answer to every look-up: who asks, and what is asked for."""


def paths(value: JsonValue, here: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every field."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in inner:
        yield (*here, key)
        yield from paths(child, (*here, key))


def damaged(whole: JsonObject) -> st.SearchStrategy[JsonObject]:
    """The object with up to four of its fields, however deep, replaced by anything."""
    damages = st.lists(st.tuples(st.sampled_from(sorted(paths(whole), key=str)), JSON), max_size=4)
    return damages.map(lambda chosen: damage(json.loads(json.dumps(whole)), chosen))


def damage(whole: JsonObject, damages: list[tuple[tuple[str | int, ...], JsonValue]]) -> JsonObject:
    for (*way, last), value in damages:
        place: Any = whole
        with suppress(KeyError, IndexError, TypeError):  # an earlier damage took the way there
            for key in way:
                place = place[key]
            place[last] = value
    return whole


def received(body: bytes) -> tuple[Envelope, ReceivedEvent]:
    envelope = ADAPTER.envelope(InboundRequest({}, body, NOW))
    return envelope, ReceivedEvent("evt_1", "slack", envelope.type, body, NOW)


def recipient(config: JsonObject, account: AccountKey = HOME) -> Recipient:
    return Recipient("ws_1", account=account, bot_user_id="U0BOT", config=config)


def decided(event: ReceivedEvent, recipient: Recipient, finding: JsonObject | None = None) -> Decision:
    """The decision once every look-up it asks for has come back as ``finding``; what it said can also be told again."""
    assert isinstance(RETELLER.retell(event, recipient), Capture | Removal | None)
    decision = ADAPTER.signals(event, recipient, {})
    if isinstance(decision, Needs):
        decision = ADAPTER.signals(event, recipient, dict.fromkeys(decision.lookups, finding or {}))
    return decision


def assert_storable(envelope: Envelope, decision: Decision) -> None:
    """Keys fit their columns, and what is kept is plain JSON text that PostgreSQL takes."""
    accounts = [identity for key in envelope.accounts for identity in (key.enterprise_id, key.team_id)]
    keys = [envelope.type, envelope.external_id, envelope.app_id, *accounts]
    assert isinstance(decision, Writes | Ignored)
    if isinstance(decision, Ignored):
        keys += [decision.reason, decision.said.conversation.ref if decision.said else None]
    for write in decision.writes if isinstance(decision, Writes) else ():
        keys += [write.ref, write.version]
        assert write.occurred_at.utcoffset() == timedelta(0)
        if isinstance(write, Capture):
            keys += [write.author.external_id, write.author.name, write.account.external_id]
            keys += [key.ref for key in write.conversation]
            assert write.verbatim.strip()
            assert (write.url or "").startswith("https://")
            assert "\x00" not in json.dumps([write.verbatim, write.metadata], ensure_ascii=False)
    assert all(len(key) <= 255 for key in keys if key is not None)


@settings(deadline=None)
@given(st.binary())
def test_any_bytes(body: bytes) -> None:
    envelope, event = received(body)
    assert_storable(envelope, decided(event, recipient({})))


@settings(deadline=None)
@given(JSON)
def test_any_json(value: JsonValue) -> None:
    envelope, event = received(json.dumps(value).encode())
    assert_storable(envelope, decided(event, recipient({})))


@pytest.mark.parametrize("account", [HOME, AccountKey("E0HOME"), AccountKey("E0HOME", "T0HOME"), AccountKey()])
@settings(max_examples=200, deadline=None)
@given(
    body=st.sampled_from(BODIES).flatmap(damaged),
    config=damaged(CONFIG) | st.just({}),
    finding=damaged(FINDING) | st.just({}),
)
def test_any_values_in_every_field(
    account: AccountKey, body: JsonObject, config: JsonObject, finding: JsonObject
) -> None:
    envelope, event = received(json.dumps(body).encode())
    assert_storable(envelope, decided(event, recipient(config, account), finding))


@settings(deadline=None)
@given(outer=damaged(MESSAGE))
def test_a_whole_message_is_captured_whatever_stands_beside_it(outer: JsonObject) -> None:
    body = {**outer, **{name: MESSAGE[name] for name in ("type", "event", "is_ext_shared_channel")}}
    envelope, event = received(json.dumps(body).encode())
    decision = decided(event, recipient({}))
    assert isinstance(decision, Writes)
    assert_storable(envelope, decision)


@pytest.mark.parametrize(
    "kind", ["event_id", "api_app_id", "channel", "user", "team", "display_name", "subtype", "type"]
)
def test_long_texts_stay_within_their_columns(kind: str) -> None:
    long = "x" * 10_000
    message: JsonObject = {
        "type": "message",
        "channel": "C0SHARED01",
        "ts": "1795255200.000100",
        "text": "Hello",
        "user": "U1",
    }
    message |= {"user_profile": {"display_name": long}, kind: long}
    outer: JsonObject = {"type": "event_callback", "event": message, "is_ext_shared_channel": True, "event_id": "Ev1"}
    if kind in {"event_id", "api_app_id"}:
        outer[kind] = long
    envelope, event = received(json.dumps(outer).encode())
    assert_storable(envelope, decided(event, recipient({})))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the field supersets of Slack's events are not at hand")
def test_every_field_slack_knows() -> None:
    """The samples name every field; their blanked values leave nothing to capture."""
    for sample in sorted(SAMPLES.glob("*.json")):
        envelope, event = received(sample.read_bytes())
        assert_storable(envelope, decided(event, recipient({"slack_capture": "all"})))


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the field supersets of Slack's events are not at hand")
@pytest.mark.parametrize("name", ["Message", "MessageFileShare", "MessageThreadBroadcast"])
def test_every_field_with_values_is_captured(name: str) -> None:
    """With identifying values filled in and bots taken out, a sample becomes a signal that keeps no private address."""
    sample = json.loads((SAMPLES / f"{name}.json").read_text())
    sample |= {"type": "event_callback", "event_id": "Ev1", "is_ext_shared_channel": True}
    for field in ("bot_id", "bot_profile"):
        sample["event"].pop(field, None)
    for file in sample["event"].get("files", []):
        file |= {
            "id": "F1",
            "name": "a.png",
            "url_private": "https://files.slack.com/private",
            "permalink": "https://a.slack.com/f",
        }
    sample["event"] |= {"channel": "C1", "ts": "1795255200.000100", "user": "U1", "text": "Hello"}
    _, event = received(json.dumps(sample).encode())
    decision = decided(event, recipient({}))
    assert isinstance(decision, Writes)
    assert "private" not in repr(decision)


@settings(deadline=None)
@given(st.integers(0, 253_402_300_799), st.integers(0, 999_999))
def test_ts_and_moment_are_each_other_to_the_microsecond(seconds: int, microseconds: int) -> None:
    ts = f"{seconds:010d}.{microseconds:06d}"
    when = moment(ts)
    assert when is not None
    assert as_ts(when) == ts
