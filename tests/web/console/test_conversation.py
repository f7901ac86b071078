"""One conversation's page: its issue, what is counted, and the one that is probably the same."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from db import Conversation, ConversationLink, ConversationVerdict, SignalCopy
from tests.web.api.rows import add_conversation, add_integration, add_reply
from tests.web.console.conftest import Console
from tests.web.console.test_signals import post


@pytest.fixture
def pair(console: Console) -> tuple[str, str]:
    """An issue and a Slack thread that is probably the same."""
    of = {"workspace_id": console.made.workspace_id}
    with console.database.write() as session:
        issue = Conversation(**of, title="Export stops", state="waiting_on_you", priority="high", source_version="1",
                             url="https://app.usepylon.com/issues?issueNumber=7", tags=["export"])  # fmt: skip
        thread = Conversation(**of)
        session.add_all([issue, thread])
        session.flush()
        session.add_all([
            ConversationLink(**of, kind="pylon_issue", ref="2f1c", conversation_id=issue.id),
            ConversationLink(**of, kind="slack_thread", ref="C1:1.0", conversation_id=thread.id),
            ConversationVerdict(**of, kind="pylon_issue", ref="2f1c", other_kind="slack_thread", other_ref="C1:1.0",
                                verdict="suggested", score=0.9, reasons=["same_text"]),
        ])  # fmt: skip
    original = console.add_signal("C1:1.0", verbatim="It stops.", conversation_id=thread.id)
    copy = console.add_signal("2f1c", source="pylon", verbatim="It stops.", conversation_id=issue.id)
    with console.database.write() as session:
        session.add(SignalCopy(**of, signal_id=copy.id, original_id=original.id))
    return issue.id, thread.id


def test_the_issue_and_the_guess_are_shown(console: Console, pair: tuple[str, str]) -> None:
    page = console.page(f"/conversations/{pair[0]}")
    assert page.select_one("h1").text == "Export stops"  # type: ignore[union-attr]
    for shown in ("waiting on you", "high", "90 % sure: the same words", "not counted again", "0 signals"):
        assert shown in page.text
    assert page.select_one(f"a[href='/conversations/{pair[1]}']")


def test_the_list_counts_one_text_once(console: Console, pair: tuple[str, str]) -> None:
    assert console.page("/signals").text.count("It stops.") == 1


def test_not_the_same(console: Console, pair: tuple[str, str]) -> None:
    post(console, f"/conversations/{pair[0]}/part", other=pair[1])
    page = console.page(f"/conversations/{pair[0]}")
    assert "Probably the same" not in page.text
    assert "1 signal," in page.text


def test_the_same(console: Console, pair: tuple[str, str]) -> None:
    _, whereto = post(console, f"/conversations/{pair[1]}/join", other=pair[0])
    page = console.page(whereto)
    assert page.text.count("It stops.") == 2
    assert "1 signal," in page.text


def test_nobody_elses(console: Console, open_console: Callable[..., Console], pair: tuple[str, str]) -> None:
    other = open_console("Other").sign_in()
    assert post(other, f"/conversations/{pair[0]}/join", other=pair[1])[0] == 404


def test_a_colleagues_words_stand_among_the_signals(console: Console) -> None:
    workspace_id = console.made.workspace_id
    talk = add_conversation(console.database, workspace_id, ("slack_thread", "C01:1763632800.000100"))
    said_at = datetime.fromtimestamp(1763632800, UTC)
    first, last = (
        console.add_signal(f"C01:{number}", verbatim=words, occurred_at=said_at + timedelta(minutes=number),
                           conversation_id=talk)
        for number, words in ((0, "It stops."), (2, "Thank you, it works."))
    )  # fmt: skip
    add_reply(
        console.database, workspace_id, add_integration(console.database, workspace_id, "slack", slack_team_id="T0HOME")
    )
    in_order = ["It stops.", "We look into it.", "Thank you, it works."]
    page = console.page(f"/conversations/{talk}")
    assert [item.text for item in page.select(".signals .verbatim")] == in_order
    assert "2 signals, in the order they were said, and 1 message among them that is no signal." in page.text
    (beside,) = page.select(".is-beside")
    assert "Not a signal: the mode keeps the words of people outside the company only" in beside.text
    assert "Your team" in beside.text
    for signal in (first, last):
        shown = console.page(f"/signals/{signal.id}")
        assert [item.text for item in shown.select(".thread .verbatim")] == in_order
