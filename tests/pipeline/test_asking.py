"""What a person decides when they ask for a capture: it reaches the signal, once, and no source undoes it."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from core.adapter import InboundRequest
from core.taming import JsonObject
from db import AuditEntry, Duty, Signal, User, UserIdentity, WorkspaceMember
from integrations.slack.carried import pack
from integrations.slack.interaction import ISSUER
from pipeline.replay import replay
from tests.pipeline.conftest import CHANNEL, HOME, Line, deleted, edited, message

WORDS = "The export stops at 1,000 rows."
SAID = message(WORDS)


def submission(dialog: str = "V1", user: str = "U0PRIYA", said: dict[str, Any] = SAID, **values: str) -> JsonObject:
    filled: JsonObject = {}
    if text := values.get("interpretation"):
        filled["interpretation"] = {"value": {"type": "plain_text_input", "value": text}}
    for name in ("severity", "frequency"):
        if chosen := values.get(name):
            filled[name] = {"value": {"type": "static_select", "selected_option": {"value": chosen}}}
    return {
        "type": "view_submission", "api_app_id": "A1", "team": {"id": HOME}, "user": {"id": user, "team_id": HOME},
        "view": {"id": dialog, "app_installed_team_id": HOME, "callback_id": "capture_signal",
                 "private_metadata": pack(said, CHANNEL, "kestrel"), "state": {"values": filled}},
    }  # fmt: skip


def ask(line: Line, body: JsonObject) -> str:
    adapter = line.process.adapters["slack"]
    envelope = adapter.envelope(_request(line, body))
    stored = line.store(
        "slack", envelope.type, body, external_id=envelope.external_id, slack_app_id=line.slack_app_id,
        subject=envelope.subject,
    )  # fmt: skip
    line.run()
    return stored.event_id


def _request(line: Line, body: JsonObject) -> InboundRequest:
    return InboundRequest({}, msgspec.json.encode(body), line.clock())


def the_signal(line: Line) -> Signal:
    (signal,) = line.signals()
    return signal


def decided(line: Line) -> tuple[str | None, str | None, str | None]:
    signal = the_signal(line)
    return signal.interpretation, signal.severity, signal.frequency


def audited(line: Line) -> list[tuple[str | None, dict[str, Any]]]:
    with line.database.read() as session:
        query = select(AuditEntry).where(AuditEntry.action == "signal.asked_for").order_by(AuditEntry.id)
        return [(entry.actor_id, entry.details) for entry in session.scalars(query)]


def link(line: Line, role: str, user: str = "U0PRIYA") -> str:
    with line.database.write() as session:
        person = User(email=f"{role}@acme.example")
        session.add(person)
        session.flush()
        session.add(UserIdentity(user_id=person.id, issuer=ISSUER, subject=f"{HOME}/{user}"))
        session.add(WorkspaceMember(workspace_id=line.workspace_id, user_id=person.id, role=role))
        return person.id


def test_a_shortcut_captures_what_the_mode_would_not(line: Line) -> None:
    own = message("We should fix this.", user_team=HOME)
    line.slack(own, "Ev1")
    line.run()
    assert line.signals() == []
    event_id = ask(line, submission(said=own, interpretation="They cannot export.", severity="high"))
    signal = the_signal(line)
    assert (signal.verbatim, signal.author_affiliation) == ("We should fix this.", "internal")
    assert decided(line) == ("They cannot export.", "high", None)
    assert signal.source_metadata["channel_name"] == "kestrel"
    assert line.receipt(event_id) == ("captured", None)
    way = {"way": "shortcut", "by": f"{HOME}/U0PRIYA", "fields": ["interpretation", "severity"]}
    assert audited(line) == [(None, way)]


def test_a_signal_that_is_there_gets_the_word_and_keeps_it_through_edits(line: Line) -> None:
    line.slack(SAID, "Ev1")
    line.run()
    event_id = ask(line, submission(interpretation="They cannot export.", frequency="rare"))
    assert line.receipt(event_id)[0] == "captured"
    line.slack(edited("It stops at 999 rows.", "1795255300.000000", before=WORDS), "Ev2")
    line.run()
    assert the_signal(line).verbatim == "It stops at 999 rows."
    assert decided(line) == ("They cannot export.", None, "rare")


def test_asking_after_an_edit_keeps_the_newer_words(line: Line) -> None:
    line.slack(edited("It stops at 999 rows.", "1795255300.000000", before=WORDS), "Ev2")
    line.run()
    event_id = ask(line, submission(severity="low"))
    assert line.receipt(event_id) == ("superseded", "newer_version_stored")
    assert the_signal(line).verbatim == "It stops at 999 rows."
    assert decided(line) == (None, "low", None)


@pytest.mark.parametrize(
    ("role", "severity"), [(None, "high"), ("viewer", "high"), ("member", "low"), ("owner", "low")]
)
def test_only_who_may_change_signals_changes_what_was_decided(line: Line, role: str | None, severity: str) -> None:
    person = link(line, role) if role else None
    ask(line, submission("V1", user="U0SAM", severity="high"))
    ask(line, submission("V2", severity="low", frequency="common"))
    assert decided(line) == (None, severity, "common")
    assert [actor for actor, _ in audited(line)] == [None, person]


def test_empty_fields_change_nothing(line: Line) -> None:
    link(line, "admin")
    ask(line, submission("V1", severity="high"))
    before = the_signal(line).updated_at
    line.clock.advance(minutes=1)
    ask(line, submission("V2"))
    assert decided(line) == (None, "high", None)
    assert the_signal(line).updated_at == before


def test_a_repeat_is_one_event(line: Line) -> None:
    first, second = (ask(line, submission(severity="high")) for _ in range(2))
    assert first == second
    assert len(audited(line)) == 1


def test_a_replay_does_not_undo_what_was_decided_later(line: Line) -> None:
    link(line, "member")
    event_id = ask(line, submission(severity="high"))
    with line.database.write() as session:
        session.get_one(Signal, the_signal(line).id).severity = "critical"
    with line.database.write() as session:
        replay(session, [event_id], line.clock())
    line.run()
    assert decided(line) == (None, "critical", None)
    assert len(audited(line)) == 1


def test_what_was_deleted_stays_deleted(line: Line) -> None:
    line.slack(deleted("1795255400.000000"), "Ev1")
    line.run()
    event_id = ask(line, submission(severity="high"))
    signal = the_signal(line)
    assert signal.deleted_at is not None
    assert (signal.severity, signal.verbatim) == (None, "")
    assert line.receipt(event_id)[0] == "superseded"
    assert audited(line) == []


def test_nobody_of_another_team_can_ask(line: Line) -> None:
    body = submission(severity="high")
    body["user"] = {"id": "U0CUST", "team_id": "T0CUSTOMER"}
    event_id = ask(line, body)
    assert line.signals() == []
    assert line.receipt(event_id) == ("ignored", "asked_by_outsider")


def test_a_dialog_promises_no_further_answer(line: Line) -> None:
    ask(line, submission())
    with line.database.read() as session:
        assert session.scalars(select(Duty)).all() == []
