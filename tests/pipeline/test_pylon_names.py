"""Whom Pylon's ids stand for: asked once, put in afterwards, and used to tell copies of Slack's messages."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from core.signal import Lookup
from core.taming import JsonObject
from db import DirectoryEntry, SignalCopy
from pipeline.acquaint import Acquaint
from pipeline.tokens.access import StoredAccess
from tests.pipeline.conftest import Line, message
from tests.pipeline.pylon_story import LINKED, ROOT, said_in_slack, theirs, ts

CONTACT: JsonObject = {"name": "Ada Lovelace", "email": "ada@customer.example", "slack_user_ids": ["U0CUST"]}


@pytest.fixture
def acquaint(line: Line) -> Acquaint:
    return Acquaint(
        database=line.database, lookups={"pylon": line.answers}, access=StoredAccess(line.database), clock=line.clock
    )


def test_accounts_and_people_get_their_names_once_they_are_known(line: Line, acquaint: Acquaint) -> None:
    LINKED.arrive(line)
    assert {signal.account_name for signal in line.signals()} == {None}
    asked = {(row.kind, row.ref) for row in entries(line)}
    assert asked == {("account", "acc_1"), ("contact", "con_ada")}
    line.answers.findings |= {Lookup("account", "acc_1"): {"name": "Globex"}, Lookup("contact", "con_ada"): CONTACT}
    while acquaint.run().done:
        pass
    assert {signal.account_name for signal in line.signals()} == {"Globex"}
    replace(LINKED, seconds=90).arrive(line)
    assert {row.due_at for row in entries(line)} == {None}, "nothing is asked again"


def test_a_contacts_slack_user_shows_which_message_is_a_copy(line: Line, acquaint: Acquaint) -> None:
    """Other words, seconds apart: only the person can tell."""
    said_in_slack(message("The export stops at 1,000 rows.", ROOT), "Ev1")(line)
    said_in_slack(message("see the screenshot", ts(60), thread_ts=ROOT), "Ev2")(line)
    reply = theirs("m2", "<p>see the screenshot <i>image.png</i></p>", 61)
    replace(LINKED, messages=(LINKED.messages[0], reply)).arrive(line)
    assert len(copies(line)) == 1
    line.answers.findings |= {Lookup("account", "acc_1"): {}, Lookup("contact", "con_ada"): CONTACT}
    while acquaint.run().done:
        pass
    assert len(copies(line)) == 2


def entries(line: Line) -> list[DirectoryEntry]:
    with line.database.read() as session:
        rows = session.scalars(select(DirectoryEntry)).all()
        return [row for row in rows if row.kind in ("account", "contact")]


def copies(line: Line) -> list[SignalCopy]:
    with line.database.read() as session:
        return list(session.scalars(select(SignalCopy)))
