"""Rules that no single event shows: order, every recipient for itself, and the list of what is supported."""

import json
from datetime import UTC, datetime

import pytest

from core.adapter import AccountKey, ReceivedEvent, Recipient
from core.signal import Affiliation, Capture, ConversationKey, Decision, Ignored, Lookup, Removal, Said, Writes
from core.taming import JsonObject
from integrations.slack.adapter import ADAPTER
from integrations.slack.capture import KINDS
from integrations.slack.envelope import EFFECTS
from integrations.slack.selection import CONTENT_SUBTYPES, NOISE_SUBTYPES

NOW = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
TS = "1795255200.000100"


def decide(event: JsonObject, account: AccountKey, config: JsonObject | None = None) -> Decision:
    body = {"type": "event_callback", "event_id": "Ev1", "event": event, "is_ext_shared_channel": True}
    stored = ReceivedEvent("evt_1", "slack", "", json.dumps(body).encode(), NOW)
    return ADAPTER.signals(stored, Recipient("ws_1", account=account, config=config or {}), {})


def message(**fields: str) -> JsonObject:
    return {"type": "message", "channel": "C1", "ts": TS, "user": "U1", "text": "Hello", "user_team": "T1", **fields}


def captured(decision: Decision) -> Capture:
    assert isinstance(decision, Writes)
    assert isinstance(decision.writes[0], Capture)
    return decision.writes[0]


def removed(decision: Decision) -> Removal:
    assert isinstance(decision, Writes)
    assert isinstance(decision.writes[0], Removal)
    return decision.writes[0]


def test_each_side_of_a_shared_channel_hears_the_other() -> None:
    said = Said(ConversationKey("slack_thread", f"C1:{TS}"), "U1")
    assert decide(message(), AccountKey(None, "T1")) == Ignored("internal_author", (Lookup("user", "U1"),), said)
    assert captured(decide(message(), AccountKey(None, "T2"))).account.external_id == "T1"


@pytest.mark.parametrize(
    ("account", "team", "affiliation"),
    [
        (AccountKey(None, "T1"), "T1", "internal"),
        (AccountKey(None, "T2"), "T1", "external"),
        (AccountKey(None, "T2"), "E1", "external"),
        (AccountKey("E1", "T2"), "E1", "internal"),
        (AccountKey("E1", "T2"), "E9", "external"),
        (AccountKey("E1", None), "E1", "internal"),
        (AccountKey("E1", None), "T1", "unknown"),
        (AccountKey(), "T1", "unknown"),
        (AccountKey(None, "T2"), "", "unknown"),
    ],
)
def test_affiliation(account: AccountKey, team: str, affiliation: Affiliation) -> None:
    capture = captured(decide(message(user_team=team), account, {"slack_capture": "all"}))
    assert capture.author.affiliation == affiliation
    assert capture.account.external_id == (team if affiliation == "external" else None)


def test_original_edit_and_deletion_sort_by_age() -> None:
    home = AccountKey(None, "T2")
    edited: JsonObject = {**message(text="Hello!"), "edited": {"user": "U1", "ts": "1795255260.000000"}}
    change: JsonObject = {
        "type": "message",
        "subtype": "message_changed",
        "channel": "C1",
        "event_ts": "1795255260.000200",
    }
    change |= {"message": edited, "previous_message": message()}
    deletion: JsonObject = {"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": TS}
    deletion |= {"event_ts": "1795255320.000300", "previous_message": edited}

    first, second = captured(decide(message(), home)), captured(decide(change, home))
    last = removed(decide(deletion, home))
    assert first.ref == second.ref == last.ref == f"C1:{TS}"
    assert first.version < second.version < last.version
    assert first.conversation == second.conversation


def test_a_deletion_without_any_time_is_as_new_as_its_arrival() -> None:
    deletion: JsonObject = {"type": "message", "subtype": "message_deleted", "channel": "C1", "deleted_ts": TS}
    removal = removed(decide(deletion, AccountKey(None, "T2")))
    assert (removal.version, removal.deleted_at) == ("1795255200.000000", NOW)


@pytest.mark.parametrize("subtype", sorted(NOISE_SUBTYPES))
def test_noise_is_its_own_reason(subtype: str) -> None:
    assert decide(message(subtype=subtype), AccountKey(None, "T2")) == Ignored(subtype)


def test_the_dispatch_names_every_subtype_with_words_and_every_effect() -> None:
    content = {f"message.{subtype}" if subtype else "message" for subtype in CONTENT_SUBTYPES}
    assert content <= KINDS.keys()
    assert KINDS.keys() >= EFFECTS


@pytest.mark.parametrize(
    "url", ["http://acme.slack.com/", "https://a@evil/", "https://acme.slack.com/x?y", "https://[", "//x"]
)
def test_only_a_plain_https_workspace_address_becomes_a_permalink(url: str) -> None:
    capture = captured(decide(message(), AccountKey(None, "T2"), {"slack_url": url}))
    assert capture.url == f"https://slack.com/app_redirect?team=T2&channel=C1&message_ts={TS}"


@pytest.mark.parametrize(
    "url", ["https://acme.slack.com/", "https://acme.slack.com", "https://ACME.enterprise.slack.com/"]
)
def test_a_workspace_address_with_or_without_its_slash(url: str) -> None:
    capture = captured(decide(message(), AccountKey(None, "T2"), {"slack_url": url}))
    assert capture.url == f"{url.rstrip('/')}/archives/C1/p1795255200000100"


def test_a_direct_channel_is_known_by_its_id_when_its_type_is_missing() -> None:
    assert decide(message(channel="D1"), AccountKey(None, "T2")) == Ignored("direct_message")


def test_a_thread_root_is_no_reply() -> None:
    capture = captured(decide(message(thread_ts=TS), AccountKey(None, "T2"), {"slack_url": "https://acme.slack.com/"}))
    assert capture.url == "https://acme.slack.com/archives/C1/p1795255200000100"
    assert "thread_ts" not in capture.metadata


def test_a_file_passed_on_tells_nothing_of_who_passed_it_on() -> None:
    foreign: JsonObject = {"id": "F1", "user": "U9", "user_team": "T9", "permalink": "javascript:alert(1)"}
    share: JsonObject = {**message(user_team="", subtype="file_share"), "files": [foreign]}
    capture = captured(decide(share, AccountKey(None, "T2")))
    assert capture.author.affiliation == "unknown"
    assert capture.metadata["files"] == [{"id": "F1"}]


def test_a_short_fraction_is_a_fraction() -> None:
    capture = captured(decide(message(ts="1795255200.5"), AccountKey(None, "T2")))
    assert capture.occurred_at == NOW.replace(microsecond=500_000)
