"""What the cases do not tell one by one: aliases, agreement of both modes, and times."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from core.adapter import InboundRequest, ReceivedEvent, Recipient
from core.signal import Capture, Ignored, Lookup, Writes
from integrations.pylon.adapter import ADAPTER
from integrations.pylon.issues import sortable, web_link
from tests.contract.cases import RECEIVED_AT


def decided(body: dict[str, Any], findings: dict[Lookup, Any] | None = None, **recipient: Any) -> Any:
    event = ReceivedEvent("evt_1", "pylon", "issue.updated", json.dumps(body).encode(), RECEIVED_AT)
    threads: dict[Lookup, Any] = {Lookup("threads", lookup.key): {"threads": []} for lookup in findings or {}}
    return ADAPTER.signals(event, Recipient("ws_1", **recipient), threads | (findings or {}))


def the_capture(decision: Any) -> Capture:
    assert isinstance(decision, Writes), decision
    (write,) = decision.writes
    assert isinstance(write, Capture)
    return write


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("issue.created", "issue.created"),
        ("Issue.Created ", "issue.created"),
        ("new-issue", "issue.created"),
        ("issue_new", "issue.created"),
        ("ticket.created", "issue.created"),
        ("issue_message_new", "message.created"),
        ("message.created", "message.created"),
        ("resolved", "issue.closed"),
        ("issue.closed", "issue.closed"),
        ("ticket.status_changed", "issue.updated"),
        ("issue-reassigned", "issue.updated"),
        ("issue_reaction", "issue.updated"),
        ("{{ trigger }}", "issue.updated"),
        ("", "issue.updated"),
        (None, "issue.updated"),
        (7, "issue.updated"),
        ({"a": 1}, "issue.updated"),
    ],
)
@pytest.mark.parametrize("field", ["event", "event_type", "type"])
def test_event_names(field: str, name: Any, canonical: str) -> None:
    request = InboundRequest({}, json.dumps({field: name, "issue_id": "2f1c"}).encode(), RECEIVED_AT)

    assert ADAPTER.envelope(request).type == canonical


def test_both_modes_name_the_opening_message_alike() -> None:
    limited = decided({"event": "issue.created", "issue_id": "2f1c", "body": "Hi"})
    hydrated = decided(
        {"event": "issue.created", "issue_id": "2f1c"},
        {
            Lookup("issue", "2f1c"): {"id": "2f1c"},
            Lookup("messages", "2f1c"): {"messages": [{"id": "m1", "message_html": "<p>Hi</p>"}]},
        },
        has_token=True,
    )

    assert the_capture(limited).ref == the_capture(hydrated).ref == "2f1c"
    assert the_capture(limited).verbatim == the_capture(hydrated).verbatim


def test_an_issue_asked_for_by_number_is_named_by_its_id() -> None:
    findings = {
        Lookup("issue", "1042"): {"id": "2f1c", "number": 1042},
        Lookup("messages", "2f1c"): {"messages": [{"id": "m1", "message_html": "Hi"}]},
        Lookup("threads", "2f1c"): {"threads": []},
    }

    assert the_capture(decided({"id": 1042}, findings, has_token=True)).ref == "2f1c"


@pytest.mark.parametrize("private", [True, 1, "true", "True", "yes", {"a": 1}])
def test_whatever_may_be_private_is(private: Any) -> None:
    body = {"event": "message.created", "issue_id": "2f1c", "message_id": "m", "body": "Hi", "is_private": private}

    assert decided(body) == Ignored("private_message")


@pytest.mark.parametrize("private", [False, None, "false", "False", "0", 0, "", "no"])
def test_what_is_not_private_is_captured(private: Any) -> None:
    body = {"event": "message.created", "issue_id": "2f1c", "message_id": "m", "body": "Hi", "is_private": private}

    assert the_capture(decided(body)).ref == "2f1c:m"


@pytest.mark.parametrize(
    "agent",
    [
        {"author": {"name": "Kim", "user": {"id": "u1"}}},
        {"message_author_type": "User"},
        {"message_author": {"id": "u1"}, "assignee": {"id": "u1"}},
        {"message_author_email": "kim@home.example", "issue_assignee_email": "kim@home.example"},
    ],
)
def test_agents_give_themselves_away(agent: dict[str, Any]) -> None:
    body = {"event": "message.created", "issue_id": "2f1c", "message_id": "m", "body": "Hi", **agent}

    decision = decided(body)

    assert decision.reason == "agent_message"
    assert decision == Ignored("agent_message") or decision.writes == ()


@pytest.mark.parametrize("wanted", [None, [], "issue.created", ["issue.created"], ["nonsense", "issue.created"], 7])
def test_wanted_events(wanted: Any) -> None:
    body = {"event": "issue.created", "issue_id": "2f1c", "body": "Hi"}

    assert the_capture(decided(body, config={"pylon_events": wanted}))


def test_versions_sort_by_age_even_when_they_are_ancient() -> None:
    moments = [datetime(1, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)]
    versions = [sortable(moment) for moment in moments]

    assert versions == sorted(versions)
    assert versions[0] == "0001-01-01T00:00:00.000000Z"


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://app.usepylon.com/issues?issueNumber=1", True),
        ("http://app.usepylon.com/issues", False),
        ("javascript:alert(1)", False),
        ("https://[", False),
        ("https://", False),
        ("https://a.example/\n", False),
        ("https://a.example/" + "x" * 2048, False),
        (None, False),
    ],
)
def test_only_links_a_person_may_follow(link: str | None, kept: bool) -> None:
    assert web_link(link) == (link if kept else None)
