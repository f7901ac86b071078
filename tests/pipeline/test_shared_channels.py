"""One event in a shared channel reaches every workspace that is in it, each by its own rules, and none other."""

from typing import Any

import pytest
from sqlalchemy import select

from core.adapter import AccountKey
from core.taming import JsonObject
from db import ChannelAudience, SlackApp
from pipeline.installations.audiences import FRESH, forget_app, remember
from pipeline.installations.lifecycle import StoredLifecycle
from pipeline.replay import replay
from sandbox import slack_events
from sandbox.slack_world import SlackTeam
from tests.pipeline.connect import ACME, ADA, ELSEWHERE, GLOBEX, GUS, INITECH, SHARED, UMA, UMBRELLA, Connect, connect

__all__ = ["connect"]
CAPTURED = ("captured", None)
WORDS = "The export stops at 1,000 rows."


def test_both_workspaces_get_an_event_that_names_one(connect: Connect) -> None:
    stored = connect.say(GUS, WORDS)
    connect.line.run()
    assert connect.receipts(stored) == {ACME.id: CAPTURED, UMBRELLA.id: CAPTURED}
    assert connect.words(ACME) == connect.words(UMBRELLA) == [WORDS]
    assert connect.told(INITECH) == []


def test_each_sees_the_author_from_its_own_side(connect: Connect) -> None:
    """What Umbrella's people say is a customer's words for Acme, and nothing for Umbrella, which keeps customers'."""
    stored = connect.say(UMA, "Can we get the June invoice again?", to=UMBRELLA)
    connect.line.run()
    assert connect.receipts(stored) == {ACME.id: CAPTURED, UMBRELLA.id: ("ignored", "internal_author")}
    (signal,) = connect.told(ACME)
    assert (signal.author_affiliation, signal.account_external_id) == ("external", UMBRELLA.id)


def test_slack_is_asked_once_per_channel_until_the_answer_is_old(connect: Connect) -> None:
    for number in range(5):
        connect.say(GUS, f"message {number}")
    connect.line.run()
    connect.say(GUS, "a later one")
    connect.line.run()
    assert (connect.asked(), len(connect.told(UMBRELLA))) == (1, 6)
    connect.line.clock.advance(seconds=FRESH.total_seconds())
    connect.say(GUS, "much later")
    connect.line.run()
    assert (connect.asked(), len(connect.told(UMBRELLA))) == (2, 7)


def test_channels_are_asked_about_one_by_one(connect: Connect) -> None:
    connect.say(GUS, WORDS)
    elsewhere = connect.say(GUS, "to Initech alone", to=INITECH, channel=ELSEWHERE)
    connect.line.run()
    assert connect.asked() == 2
    assert connect.receipts(elsewhere) == {INITECH.id: CAPTURED}
    assert connect.words(ACME) == [WORDS]


@pytest.mark.parametrize("change", [{"state": "disconnected"}, {"is_active": False}])
def test_who_is_disconnected_or_paused_gets_nothing(connect: Connect, change: dict[str, Any]) -> None:
    connect.change(UMBRELLA, **change)
    stored = connect.say(GUS, WORDS)
    connect.line.run()
    assert connect.receipts(stored)[ACME.id] == CAPTURED
    assert connect.told(UMBRELLA) == []


def test_without_an_app_token_only_who_is_named_gets_it(connect: Connect) -> None:
    with connect.line.database.write() as session:
        session.get_one(SlackApp, connect.line.slack_app_id).app_token = None
    stored = connect.say(GUS, WORDS)
    connect.line.run()
    assert connect.receipts(stored) == {ACME.id: CAPTURED}
    assert connect.asked() == 0


def test_a_channel_that_is_not_shared_is_not_asked_about(connect: Connect) -> None:
    connect.reshape(ACME)
    connect.say(ADA, "among colleagues", channel=SHARED)
    connect.line.run()
    assert connect.asked() == 0


def test_an_event_of_another_app_asks_nothing(connect: Connect) -> None:
    event = slack_events.message(SHARED, GUS, WORDS, connect.slack.next_ts())
    stored = connect.hear(event, api_app_id="A2")
    connect.line.run()
    assert (connect.asked(), connect.receipts(stored)) == (0, {})


class TestWhenSlackDoesNotTell:
    """Nobody waits for others, and nothing is lost."""

    def test_who_is_named_gets_it_at_once_and_the_others_later(self, connect: Connect) -> None:
        connect.slack.fail_next("apps.event.authorizations.list", retry_after=40)
        stored = connect.say(GUS, WORDS)
        connect.line.run()
        event = connect.line.event(stored.event_id)
        assert (event.state, event.reason) == ("pending", "slack_rate_limited")
        assert (connect.words(ACME), connect.words(UMBRELLA)) == ([WORDS], [])
        connect.line.clock.advance(seconds=60)
        connect.line.run()
        assert connect.line.event(stored.event_id).state == "processed"
        assert connect.receipts(stored) == {ACME.id: ("captured", "unchanged"), UMBRELLA.id: CAPTURED}
        assert connect.words(ACME) == connect.words(UMBRELLA) == [WORDS]

    def test_a_pause_of_one_app_asks_no_more_than_once(self, connect: Connect) -> None:
        connect.slack.fail_next("apps.event.authorizations.list", retry_after=40)
        for number in range(5):
            connect.say(GUS, f"message {number}")
        connect.line.run()
        assert (connect.asked(), len(connect.told(ACME))) == (1, 5)
        connect.line.clock.advance(seconds=60)
        connect.line.run()
        assert (connect.asked(), len(connect.told(UMBRELLA))) == (2, 5)

    def test_a_refused_token_costs_one_question_and_no_words(self, connect: Connect) -> None:
        with connect.line.database.write() as session:
            session.get_one(SlackApp, connect.line.slack_app_id).app_token = "xapp-revoked"
        first = connect.say(GUS, WORDS)
        connect.line.run()
        connect.say(GUS, "and again")
        connect.line.run()
        assert connect.receipts(first) == {ACME.id: CAPTURED}
        assert connect.line.event(first.event_id).state == "processed"
        assert (connect.asked(), len(connect.told(ACME))) == (1, 2)

    def test_one_event_that_cannot_be_asked_about_spoils_no_other(self, connect: Connect) -> None:
        event = slack_events.message(SHARED, GUS, "of long ago", connect.slack.next_ts())
        lost = connect.hear(event, event_context="4-forgotten")
        connect.line.run()
        stored = connect.say(GUS, WORDS)
        connect.line.run()
        assert connect.receipts(lost) == {ACME.id: CAPTURED}
        assert connect.receipts(stored) == {ACME.id: CAPTURED, UMBRELLA.id: CAPTURED}

    def test_it_ends_with_those_who_were_named(self, connect: Connect) -> None:
        connect.slack.fail_next("apps.event.authorizations.list", error="internal_error", status=200, times=100)
        stored = connect.say(GUS, WORDS)
        connect.line.run()
        while (event := connect.line.event(stored.event_id)).state == "pending":
            assert event.due_at is not None
            connect.line.clock.now = event.due_at
            connect.line.run()
        assert event.state == "processed"
        assert connect.receipts(stored)[ACME.id][0] == "captured"

    def test_a_replay_asks_again(self, connect: Connect) -> None:
        connect.slack.fail_next("apps.event.authorizations.list", error="invalid_auth", status=200)
        stored = connect.say(GUS, WORDS)
        connect.line.run()
        assert connect.words(UMBRELLA) == []
        connect.line.clock.advance(minutes=11)
        with connect.line.database.write() as session:
            replay(session, [stored.event_id], connect.line.clock())
        connect.line.run()
        assert connect.words(UMBRELLA) == [WORDS]


LEFT: JsonObject = {"type": "channel_unshared", "channel": SHARED.id, "previously_connected_team_id": UMBRELLA.id}


class TestWhoIsInTheChannelChanges:
    @pytest.mark.parametrize(
        "event",
        [
            LEFT,
            {"type": "channel_left", "channel": SHARED.id, "actor_id": "U0UMA"},
            {"type": "channel_id_changed", "old_channel_id": SHARED.id, "new_channel_id": "C0NEW"},
        ],
        ids=lambda event: event["type"],
    )
    def test_who_left_gets_no_more(self, connect: Connect, event: JsonObject) -> None:
        connect.say(GUS, "before")
        connect.line.run()
        connect.reshape(ACME, GLOBEX)
        connect.hear(event)
        connect.say(GUS, "after")
        connect.line.run()
        assert (connect.words(ACME), connect.words(UMBRELLA)) == (["before", "after"], ["before"])

    @pytest.mark.parametrize(("kind", "teams"), [
        ("member_joined_channel", (ACME, UMBRELLA, INITECH, GLOBEX)), ("member_left_channel", (ACME, GLOBEX)),
    ])  # fmt: skip
    def test_a_bot_of_ours_comes_or_goes(self, connect: Connect, kind: str, teams: tuple[SlackTeam, ...]) -> None:
        connect.say(GUS, "before")
        connect.line.run()
        connect.reshape(*teams)
        moved = connect.slack.grants.installation(INITECH if INITECH in teams else UMBRELLA)
        assert moved is not None
        connect.hear({"type": kind, "user": moved.bot_user_id, "channel": SHARED.id, "channel_type": "C"})
        stored = connect.say(GUS, "after")
        connect.line.run()
        assert set(connect.receipts(stored)) == {team.id for team in teams if team is not GLOBEX}

    def test_the_app_leaves_a_team(self, connect: Connect) -> None:
        connect.say(GUS, "before")
        connect.line.run()
        lifecycle = StoredLifecycle(connect.line.database, connect.line.clock)
        lifecycle.end_installation(
            slack_app_id=connect.line.slack_app_id,
            account=AccountKey(team_id=UMBRELLA.id),
            reason="app_uninstalled",
            happened_at=connect.line.clock.advance(seconds=1),
        )
        stored = connect.say(GUS, "after")
        connect.line.run()
        assert (connect.asked(), connect.receipts(stored)) == (2, {ACME.id: CAPTURED})

    def test_people_who_come_change_nothing(self, connect: Connect) -> None:
        connect.say(GUS, "before")
        connect.line.run()
        connect.hear({"type": "member_joined_channel", "user": GUS.id, "channel": SHARED.id, "channel_type": "C"})
        connect.line.run()
        assert connect.asked() == 1

    def test_an_answer_that_was_overtaken_is_not_kept(self, connect: Connect) -> None:
        """While Slack was being asked, the channel changed: the answer serves its own event, and no later one."""
        place, clock = (connect.line.slack_app_id, SHARED.id), connect.line.clock
        with connect.line.database.write() as session:
            remember(session, place, [AccountKey(team_id=ACME.id)], seen=None, now=clock())
            seen = session.scalar(select(ChannelAudience.updated_at))
        with connect.line.database.write() as session:
            forget_app(session, connect.line.slack_app_id, clock.advance(seconds=1))
        with connect.line.database.write() as session:
            remember(session, place, [AccountKey(team_id=UMBRELLA.id)], seen=seen, now=clock.advance(seconds=1))
        with connect.line.database.read() as session:
            assert session.scalars(select(ChannelAudience.accounts)).one() == []
