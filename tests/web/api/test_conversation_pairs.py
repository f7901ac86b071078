"""Conversations that are probably the same: shown with their score, joined or parted by a person, counted once."""

import pytest

from db import ConversationVerdict, Database, SignalCopy
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import add_conversation, add_signal

ISSUE, THREAD = ("pylon_issue", "2f1c"), ("slack_thread", "C1:1.0")
WORDS = {"verbatim": "The export stops."}


@pytest.fixture
def pair(database: Database, alice: Tenant) -> tuple[str, str]:
    """A Pylon conversation and a Slack one that is probably the same, with one message each."""
    issue = add_conversation(database, alice.workspace_id, ISSUE)
    thread = add_conversation(database, alice.workspace_id, THREAD)
    copy = add_signal(database, alice.workspace_id, "2f1c", source="pylon", conversation_id=issue, **WORDS)
    original = add_signal(database, alice.workspace_id, "C1:1.0", conversation_id=thread, **WORDS)
    names = {"kind": ISSUE[0], "ref": ISSUE[1], "other_kind": THREAD[0], "other_ref": THREAD[1]}
    with database.write() as session:
        session.add(SignalCopy(signal_id=copy, original_id=original, workspace_id=alice.workspace_id))
        session.add(
            ConversationVerdict(workspace_id=alice.workspace_id, **names, verdict="suggested", score=0.9,
                                reasons=["same_text", "same_person"])
        )  # fmt: skip
    return issue, thread


def test_both_sides_show_the_guess(api: Api, pair: tuple[str, str]) -> None:
    for mine, other in (pair, pair[::-1]):
        shown = api.get(f"/conversations/{mine}").get_json()
        guess = {"conversation_id": other, "score": 0.9, "reasons": ["same_text", "same_person"]}
        assert shown["probably_the_same"] == [guess]


def test_one_text_is_counted_once(api: Api, pair: tuple[str, str]) -> None:
    assert [item["source"] for item in api.get("/signals").get_json()["items"]] == ["slack"]
    both = api.get("/signals", include_copies="true").get_json()["items"]
    assert sorted(item["source"] for item in both) == ["pylon", "slack"]
    assert api.get("/signals", q="export").get_json()["items"][0]["source"] == "slack"
    shown = api.get(f"/conversations/{pair[0]}").get_json()
    assert (shown["signal_count"], len(shown["signals"]), len(shown["copies"])) == (0, 1, 1)


def test_joined_they_are_one(api: Api, pair: tuple[str, str]) -> None:
    joined = api.post(f"/conversations/{pair[1]}/join", {"conversation_id": pair[0]}).get_json()
    assert {key["kind"] for key in joined["keys"]} == {"pylon_issue", "slack_thread"}
    assert (joined["signal_count"], joined["probably_the_same"]) == (1, [])
    gone = next(identity for identity in pair if identity != joined["id"])
    assert api.get(f"/conversations/{gone}").status_code == 404


def test_parted_they_stay_apart(api: Api, pair: tuple[str, str]) -> None:
    answer = api.post(f"/conversations/{pair[0]}/part", {"conversation_id": pair[1]})
    assert answer.status_code == 204
    shown = api.get(f"/conversations/{pair[0]}").get_json()
    assert (shown["signal_count"], shown["copies"], shown["probably_the_same"]) == (1, [], [])


def test_two_of_a_kind_are_no_pair(api: Api, pair: tuple[str, str]) -> None:
    for mine, other in ((pair[0], pair[0]), (pair[1], pair[1])):
        answer = api.post(f"/conversations/{mine}/join", {"conversation_id": other})
        assert (answer.status_code, answer.get_json()["code"]) == (409, "not_a_pair")


def test_nobody_elses_conversations_can_be_named(api: Api, bobs_api: Api, pair: tuple[str, str]) -> None:
    for verb in ("join", "part"):
        assert bobs_api.post(f"/conversations/{pair[0]}/{verb}", {"conversation_id": pair[1]}).status_code == 404
        missing = api.post(f"/conversations/{pair[0]}/{verb}", {"conversation_id": "con_x"})
        assert missing.status_code == 404
