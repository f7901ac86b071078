"""A new API token brings what failed without one: events are taken up again, duties are done at once."""

from datetime import timedelta

import pytest

from core.errors import StepFailed
from db import Duty, Integration
from pipeline.tokens.replaced import WITHIN, token_was_replaced
from tests.pipeline.conftest import Line
from tests.pipeline.pylon_story import LINKED


def replace_token(line: Line, token: str | None = "pylon-token") -> list[str]:  # the stand-in's
    with line.database.write() as session:
        session.get_one(Integration, line.pylon_integration_id).access_token = token
        return token_was_replaced(session, line.pylon_integration_id, line.clock()) if token else []


@pytest.mark.parametrize("refused", [True, False])
def test_what_failed_for_want_of_a_token_is_taken_up(line: Line, *, refused: bool) -> None:
    line.answers.failure = StepFailed("pylon_token_refused", permanent=True) if refused else None
    if not refused:
        replace_token(line, None)
    LINKED.tell(line)
    line.run()
    assert line.signals() == []
    line.answers.failure = None
    assert len(replace_token(line)) == 1
    line.run()
    assert {signal.verbatim for signal in line.signals()} == {"The export stops at 1,000 rows.", "Only the CSV one."}
    assert replace_token(line) == [], "what went well is not done again"


def test_what_is_old_or_failed_for_other_reasons_stays(line: Line) -> None:
    line.answers.failure = StepFailed("pylon_not_found", permanent=True)
    LINKED.tell(line)
    line.run()
    assert replace_token(line) == []
    line.answers.failure = StepFailed("pylon_token_refused", permanent=True)
    LINKED.tell(line)
    line.run()
    line.clock.advance(days=WITHIN.days)
    assert replace_token(line) == []


def test_duties_are_done_at_once_but_never_twice_at_a_time(line: Line) -> None:
    now, later = line.clock(), line.clock() + timedelta(hours=6)
    with line.database.write() as session:
        for kind, lease in (("pylon.accounts", None), ("pylon.reconcile", "lea_1")):
            session.add(Duty(integration_id=line.pylon_integration_id, kind=kind, due_at=later, lease_token=lease))
    replace_token(line)
    with line.database.read() as session:
        due = {duty.kind: duty.due_at for duty in session.query(Duty)}
    assert due == {"pylon.accounts": now, "pylon.reconcile": later}
