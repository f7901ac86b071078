"""Names: words never wait for them, they come from each connection's own view, and what hinges on them is settled."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from core.search_text import parse_query
from core.taming import JsonObject
from db import CaptureMode, DirectoryEntry, Event, Integration, Signal
from db.search import matching
from pipeline.names.directory import LIFE, UNKNOWN_LIFE
from sandbox import slack_events
from sandbox.slack_world import SlackUser
from tests.pipeline.connect import ACME, ADA, GIL, GLOBEX, GUS, INITECH, SHARED, UMA, UMBRELLA, Connect, connect

__all__ = ["connect"]


def capture_mode(connect: Connect, mode: CaptureMode) -> None:
    connect.change(ACME, config={"slack_capture": mode})


def anonymous(connect: Connect, author: SlackUser, text: str) -> JsonObject:
    """A message that does not tell whose its author is."""
    event = slack_events.message(SHARED, author, text, connect.slack.next_ts())
    telling = {"team", "user_team", "source_team", "user_profile"}
    return {name: value for name, value in event.items() if name not in telling}


def entry(connect: Connect, kind: str, ref: str, name: str, **facts: Any) -> None:
    row = DirectoryEntry(integration_id=connect.line.pylon_integration_id, kind=kind, ref=ref, name=name, facts=facts)
    with connect.line.database.write() as session:
        session.add(row)


def test_words_are_there_at_once_and_names_soon(connect: Connect) -> None:
    connect.say(GUS, "<@U0ADA> it stops, see <#C0CONNECT>")
    connect.line.run()
    (signal,) = connect.told(ACME)
    assert (signal.verbatim, signal.account_name) == ("@U0ADA it stops, see #C0CONNECT", None)
    connect.line.clock.advance(seconds=1)
    connect.run()
    (signal,) = connect.told(ACME)
    assert signal.verbatim == "@Ada Acme it stops, see #globex-acme"
    assert (signal.account_external_id, signal.account_name) == (GLOBEX.id, "Globex")
    assert signal.source_metadata["channel_name"] == "globex-acme"
    assert signal.source_metadata["raw"] == "<@U0ADA> it stops, see <#C0CONNECT>"
    assert signal.updated_at == connect.line.clock()


def test_what_is_known_is_put_in_at_once_and_not_asked_again(connect: Connect) -> None:
    connect.say(GUS, "first")
    connect.run()
    asked = connect.slack.calls("team.info"), connect.slack.calls("conversations.info")
    connect.say(GUS, "second")
    connect.line.run()
    assert [signal.account_name for signal in connect.told(ACME)] == ["Globex", "Globex"]
    connect.run()
    assert (connect.slack.calls("team.info"), connect.slack.calls("conversations.info")) == asked == (2, 2)


def test_names_are_found_by_a_search(connect: Connect) -> None:
    connect.say(GUS, "<@U0ADA> it stops")
    connect.run()
    ours = Signal.workspace_id == connect.workspaces[ACME.id]
    with connect.line.database.read() as session:
        found = session.scalars(select(Signal).where(ours, matching(parse_query("Ada")))).all()
    assert [signal.verbatim for signal in found] == ["@Ada Acme it stops"]


def test_one_workspaces_pause_does_not_delay_anothers_names(connect: Connect) -> None:
    for method in ("team.info", "conversations.info"):
        connect.slack.fail_next(method, retry_after=40)
    connect.say(GUS, "It stops.")
    connect.run()
    names = {connect.told(team)[0].account_name for team in (ACME, UMBRELLA)}
    assert names == {None, "Globex"}
    connect.line.clock.advance(seconds=41)
    connect.run()
    assert {connect.told(team)[0].account_name for team in (ACME, UMBRELLA)} == {"Globex"}


def test_what_slack_does_not_know_is_not_asked_for_a_day(connect: Connect) -> None:
    connect.slack.fail_next("team.info", error="team_not_found", status=200, times=2)
    connect.say(GUS, "first")
    connect.run()
    connect.say(GUS, "second")
    connect.run()
    assert connect.slack.calls("team.info") == 2
    assert connect.told(ACME)[1].account_name is None
    connect.line.clock.advance(seconds=UNKNOWN_LIFE.total_seconds())
    connect.say(GUS, "third")
    connect.run()
    assert {signal.account_name for signal in connect.told(ACME)} == {"Globex"}


def test_names_are_asked_for_again_after_a_week(connect: Connect) -> None:
    connect.say(GUS, "first")
    connect.run()
    connect.line.clock.advance(seconds=LIFE.total_seconds())
    connect.say(GUS, "second")
    connect.line.run()
    assert connect.told(ACME)[1].account_name == "Globex", "the old name serves meanwhile"
    connect.run()
    assert connect.slack.calls("team.info") == 4


def test_the_author_of_a_message_without_a_profile_is_named(connect: Connect) -> None:
    capture_mode(connect, "all")
    connect.say(ADA, "We look into it.")
    connect.run()
    (signal,) = connect.told(ACME)
    assert (signal.author_name, signal.author_email) == ("Ada Acme", "ada@acme.example")
    assert signal.author_affiliation == "internal"
    assert signal.account_name is None


class TestSides:
    def test_an_unknown_author_who_turns_out_to_be_ours_is_taken_back(self, connect: Connect) -> None:
        stored = connect.hear(anonymous(connect, ADA, "among us"))
        connect.line.run()
        assert [(s.verbatim, s.author_affiliation) for s in connect.told(ACME)] == [("among us", "unknown")]
        connect.run()
        (signal,) = connect.told(ACME)
        assert (signal.verbatim, signal.author_name, signal.source_metadata) == ("", None, {})
        assert signal.deleted_at == connect.line.clock()
        assert connect.receipts(stored)[ACME.id] == ("ignored", "internal_author")
        assert connect.told(UMBRELLA)[0].author_affiliation == "external"
        later = connect.hear(anonymous(connect, ADA, "among us again"))
        connect.line.run()
        assert connect.receipts(later)[ACME.id] == ("ignored", "internal_author")

    def test_one_who_turns_out_to_be_a_customer_stays(self, connect: Connect) -> None:
        stored = connect.hear(anonymous(connect, GUS, "It stops."))
        connect.run()
        (signal,) = connect.told(ACME)
        assert (signal.author_affiliation, signal.author_name) == ("external", "Gus Globex")
        assert (signal.account_external_id, signal.account_name) == (GLOBEX.id, "Globex")
        assert "provisional" not in signal.source_metadata
        assert connect.receipts(stored)[ACME.id] == ("captured", None)

    def test_in_mode_all_a_colleague_is_kept(self, connect: Connect) -> None:
        capture_mode(connect, "all")
        connect.hear(anonymous(connect, ADA, "among us"))
        connect.run()
        assert [(s.verbatim, s.author_affiliation) for s in connect.told(ACME)] == [("among us", "internal")]

    def test_a_guest_of_our_own_team_is_a_customer(self, connect: Connect) -> None:
        stored = connect.say(GIL, "It stops.")
        connect.line.run()
        assert connect.receipts(stored)[ACME.id] == ("ignored", "internal_author")
        connect.run()
        assert connect.receipts(stored)[ACME.id] == ("captured", None)
        assert [(s.verbatim, s.author_affiliation, s.author_name) for s in connect.told(ACME)] == [
            ("It stops.", "external", "Gil Guest")
        ]
        connect.say(GIL, "And again.")
        connect.line.run()
        assert connect.words(ACME) == ["It stops.", "And again."]

    def test_colleagues_are_asked_about_once(self, connect: Connect) -> None:
        for number in range(3):
            connect.say(ADA, f"message {number}")
            connect.run()
        assert connect.told(ACME) == []
        assert connect.slack.calls("users.info") == 2, "by Acme, to whom she is a colleague or guest, and by Umbrella"

    def test_each_workspace_knows_what_its_own_token_was_told(self, connect: Connect) -> None:
        connect.say(GUS, "It stops.")
        connect.run()
        with connect.line.database.read() as session:
            owners = set(session.scalars(select(DirectoryEntry.integration_id)))
        assert owners == {connect.integrations[team.id] for team in (ACME, UMBRELLA)}
        assert connect.integrations[INITECH.id] not in owners


class TestPylonAccounts:
    def place(self, connect: Connect) -> None:
        """Acme's Pylon connection."""
        with connect.line.database.write() as session:
            pylon = session.get_one(Integration, connect.line.pylon_integration_id)
            pylon.workspace_id = connect.workspaces[ACME.id]

    def test_the_account_of_a_channel_is_preferred(self, connect: Connect) -> None:
        self.place(connect)
        entry(connect, "channel_account", SHARED.id, "Globex Ltd", account_id="acc-1")
        entry(connect, "team_account", GLOBEX.id, "Globex Group", account_id="acc-2")
        connect.say(GUS, "It stops.")
        connect.run()
        (signal,) = connect.told(ACME)
        assert (signal.account_external_id, signal.account_name) == (GLOBEX.id, "Globex Ltd")
        assert signal.source_metadata["account"] == {"platform": "pylon", "id": "acc-1", "name": "Globex Ltd"}
        assert connect.told(UMBRELLA)[0].account_name == "Globex", "another workspace's Pylon is not looked into"

    def test_a_team_elsewhere_serves_too(self, connect: Connect) -> None:
        self.place(connect)
        entry(connect, "team_account", GLOBEX.id, "Globex Group", account_id="acc-2")
        connect.say(GUS, "It stops.")
        connect.line.run()
        assert connect.told(ACME)[0].account_name == "Globex Group"


def test_a_disconnected_workspace_is_not_asked_for(connect: Connect) -> None:
    connect.say(GUS, "It stops.")
    connect.line.run()
    connect.change(ACME, state="disconnected")
    connect.change(UMBRELLA, state="disconnected")
    connect.run()
    assert connect.slack.calls("team.info") == 0
    connect.line.clock.advance(seconds=timedelta(minutes=5).total_seconds())
    assert connect.acquaint.run().done == 0


def test_erased_events_are_not_needed(connect: Connect) -> None:
    connect.say(GUS, "It stops.")
    connect.line.run()
    with connect.line.database.write() as session:
        session.query(Event).delete()
    connect.run()
    assert connect.told(ACME)[0].account_name == "Globex"


def test_uma_is_a_customer_of_acme_by_name(connect: Connect) -> None:
    connect.say(UMA, "Can we get the invoice?", to=UMBRELLA)
    connect.run()
    (signal,) = connect.told(ACME)
    assert (signal.author_name, signal.account_name) == ("Uma Umbrella", "Umbrella")
