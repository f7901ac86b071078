"""What is no signal is shown in its conversation, from what is stored, until it is deleted or forgotten."""

import pytest

from db import DirectoryEntry, Integration, Workspace
from integrations.slack.retelling import reteller
from pipeline.beside import Beside, said_beside
from pipeline.forgetting import ERASED, forget_unkept
from tests.pipeline.conftest import CHANNEL, HOME, Line, deleted, edited, message
from tests.pipeline.test_asking import submission
from tests.pipeline.test_waiting import Thread, arrive

THREAD = Thread()
RETELLERS = {"slack": reteller()}


def beside(line: Line) -> list[Beside]:
    conversation = next(signal.conversation_id for signal in line.signals() if signal.conversation_id)
    with line.database.read() as session:
        return said_beside(session, RETELLERS, line.workspace_id, conversation, line.clock())


@pytest.fixture
def talk(line: Line) -> Line:
    """A customer's thread that a colleague answers."""
    with line.database.write() as session:
        session.add(
            DirectoryEntry(
                integration_id=line.slack_integration_id, kind="user", ref="U0KIM", name="Kim", fetched_at=line.clock()
            )
        )
    for number, what in enumerate([THREAD.beginning, THREAD.colleagues]):
        arrive(line, what, f"Ev{number}")
    line.run()
    return line


def test_a_colleagues_reply_is_shown_with_its_reason(talk: Line) -> None:
    (said,) = beside(talk)
    assert (said.words, said.reason, said.ref) == ("We look into it.", "internal_author", f"{CHANNEL}:{THREAD.ours}")
    assert (said.author.name, said.author.external_id, said.author.affiliation) == ("Kim", "U0KIM", "internal")
    assert said.url
    assert said.occurred_at.timestamp() == pytest.approx(float(THREAD.ours))
    assert [signal.verbatim for signal in talk.signals()] == ["It stops."]


def test_its_edits_and_its_deletion_follow(talk: Line) -> None:
    edit = edited("We look into it today.", "1795300000.000100", before="We look into it.", ts=THREAD.ours)
    for part in ("message", "previous_message"):
        edit[part] |= {"thread_ts": THREAD.root, "user": "U0KIM", "user_team": HOME}
    arrive(talk, edit, "Ev8")
    talk.run()
    (said,) = beside(talk)
    assert said.words == "We look into it today."
    assert said.edited_at is not None
    arrive(talk, deleted("1795300100.000100", THREAD.ours), "Ev9")
    talk.run()
    assert beside(talk) == []


def test_what_begins_a_thread_is_shown_too(line: Line) -> None:
    began = message("Tell us if it stops.", THREAD.root, user="U0KIM", user_team=HOME)
    arrive(line, began, "Ev1")
    arrive(line, THREAD.answer, "Ev2")
    line.run()
    assert [said.words for said in beside(line)] == ["Tell us if it stops."]


def test_what_is_captured_after_all_is_a_signal_alone(talk: Line) -> None:
    arrive(talk, submission("V9", said=THREAD.colleagues), "Ev6")
    talk.run()
    assert sorted(signal.verbatim for signal in talk.signals()) == ["It stops.", "We look into it."]
    assert beside(talk) == []


def test_in_mode_asked_a_colleagues_reply_has_a_name_to_be_asked_for(line: Line) -> None:
    with line.database.write() as session:
        session.get_one(Integration, line.slack_integration_id).config = {"slack_capture": "asked"}
    for number, what in enumerate([THREAD.colleagues, THREAD.asking]):
        arrive(line, what, f"Ev{number}")
    line.run()
    (said,) = beside(line)
    assert (said.words, said.reason) == ("We look into it.", "only_when_asked")
    with line.database.read() as session:
        assert session.get_one(DirectoryEntry, (line.slack_integration_id, "user", "U0KIM")).due_at is not None


def test_it_is_shown_no_longer_than_the_workspace_keeps_things(talk: Line) -> None:
    with talk.database.write() as session:
        session.get_one(Workspace, talk.workspace_id).retention_days = 3
    talk.clock.advance(days=2)
    assert len(beside(talk)) == 1
    talk.clock.advance(days=2)
    assert beside(talk) == []


def test_forgetting_takes_every_event_about_the_message(talk: Line) -> None:
    event = arrive(talk, deleted("1795300100.000100", THREAD.ours), "Ev9")
    with talk.database.write() as session:
        assert forget_unkept(session, talk.workspace_id, {"U0KIM"}, reason=ERASED) == 1
        assert forget_unkept(session, talk.workspace_id, {"U0KIM"}, reason=ERASED) == 0
    assert beside(talk) == []
    assert talk.event(event.event_id).state == "pending", "what was not decided yet is decided, and shows nothing"
    talk.run()
    assert beside(talk) == []


def test_another_workspace_is_told_nothing(talk: Line) -> None:
    (signal,) = talk.signals()
    with talk.database.read() as session:
        assert said_beside(session, RETELLERS, "ws_other", signal.conversation_id or "", talk.clock()) == []
