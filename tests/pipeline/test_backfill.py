"""History becomes signals on the way that live events take: page by page, once, and never in their way."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.history import Allowance, Page
from db import Event, Import, Integration, Signal
from pipeline.backfill import LEASE
from pipeline.past.progress import standing
from sandbox.slack_limits import DISTRIBUTED_APP, INTERNAL_APP
from tests.pipeline.conftest import message
from tests.pipeline.past import Past, past

__all__ = ["past"]


def fill(past: Past, count: int) -> None:
    """So many messages over the last 20 days, the newest a minute ago."""
    step = timedelta(days=20) / count
    for number in range(count):
        past.say(f"Word {number}", past.clock() - timedelta(minutes=1) - number * step)


def test_every_message_is_there_once_despite_pauses(past: Past) -> None:
    fill(past, 1_200)
    past.slack.limits.kind = INTERNAL_APP
    past.slack.fail_next("conversations.history", retry_after=3, times=3)
    started = past.clock()
    done = past.finish(past.order())
    past.line.run()
    assert (done.state, done.messages_seen, done.messages_new) == ("done", 1_200, 1_200)
    assert done.requests_made == done.requests_expected == 3
    assert done.attempts == 0
    assert past.clock() - started < timedelta(minutes=1)
    with past.line.database.read() as session:
        texts = list(session.scalars(select(Signal.verbatim)))
    assert len(texts) == len(set(texts)) == 1_200


def test_threads_come_with_their_first_message(past: Past) -> None:
    root = past.say("It hangs.", past.clock() - timedelta(days=2))
    for minutes in range(3):
        past.say(f"Since {minutes}", past.clock() - timedelta(days=1, minutes=minutes), thread_ts=str(root["ts"]))
    past.say("Another matter.", past.clock() - timedelta(hours=1))
    past.slack.limits.kind = INTERNAL_APP
    done = past.finish(past.order())
    past.line.run()
    signals = past.line.signals()
    assert (done.state, done.requests_made) == ("done", 2)
    assert sorted(s.verbatim for s in signals) == ["Another matter.", "It hangs.", "Since 0", "Since 1", "Since 2"]
    assert len({s.conversation_id for s in signals}) == 2
    assert {s.source_metadata["origin"] for s in signals} == {"import"}


def test_a_live_message_and_its_imported_copy_are_one_signal(past: Past) -> None:
    event = past.say("Heard live.", past.clock() - timedelta(minutes=5))
    live = past.line.store("slack", "message", past.slack.event(event, team=past.cast.home), external_id="Ev1",
                           slack_app_id=past.line.slack_app_id)  # fmt: skip
    past.line.run()
    past.finish(past.order())
    past.line.run()
    (signal,) = past.line.signals()
    assert past.line.receipt(live.event_id) == ("captured", None)
    assert "origin" not in signal.source_metadata


def test_importing_again_stores_nothing_twice_but_looks_again_at_what_was_ignored(past: Past) -> None:
    ours = next(user for user in past.cast.world.users if user.team_id == past.cast.home.id)
    past.say("Their word.", past.clock() - timedelta(days=2))
    past.say("Our word.", past.clock() - timedelta(days=1), author=ours)
    past.finish(past.order())
    past.line.run()
    assert [s.verbatim for s in past.line.signals()] == ["Their word."]
    with past.line.database.write() as session:
        session.get_one(Integration, past.line.slack_integration_id).config = {"slack_capture": "all"}
    again = past.finish(past.order())
    past.line.run()
    assert (again.messages_seen, again.messages_new) == (2, 0)
    assert sorted(s.verbatim for s in past.line.signals()) == ["Our word.", "Their word."]


def test_whoever_dies_before_the_commit_is_relieved_and_nothing_is_doubled(
    past: Past, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(past, 30)
    row = past.order()

    def die(*_: object, **__: object) -> Page:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("pipeline.backfill.store_records", die)
        with pytest.raises(KeyboardInterrupt):
            past.backfill.run()
    assert past.row(row).requests_made == 0
    assert past.backfill.run().done == 0
    past.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert past.finish(row).messages_new == 30


def test_a_page_of_a_lease_that_was_lost_is_not_written(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(past, 3)
    row = past.order()
    historian = past.backfill.historians["slack"]
    ask = historian.page

    def slowly(*given: object) -> Page:
        page = ask(*given)  # type: ignore[arg-type]
        past.clock.advance(seconds=LEASE.total_seconds() + 1)
        with monkeypatch.context() as quick:
            quick.setattr(historian, "page", ask)
            past.backfill.run()
        return page

    monkeypatch.setattr(historian, "page", slowly)
    past.backfill.run()
    assert (past.row(row).requests_made, past.row(row).messages_new) == (1, 3)


def test_the_narrow_limit_is_recognised_and_kept(past: Past) -> None:
    fill(past, 40)
    past.slack.limits.kind = DISTRIBUTED_APP
    row = past.order()
    past.backfill.run()
    first = past.row(row)
    assert (first.page_size, first.pace_seconds, first.messages_seen) == (15, 60.0, 15)
    assert first.requests_expected is not None
    ends_at = standing(first, past.clock()).ends_at
    assert ends_at is not None
    assert ends_at - past.clock() >= timedelta(minutes=2)
    started = past.clock()
    done = past.finish(row)
    assert (done.state, done.messages_new, done.requests_made) == ("done", 40, 3)
    assert past.clock() - started == timedelta(minutes=2)
    assert past.slack.calls("conversations.history") == 3


def test_from_the_first_answer_on_an_import_says_when_it_will_be_done(past: Past) -> None:
    """Although that page's threads are still to be read, one a minute each."""
    past.slack.limits.kind = DISTRIBUTED_APP
    began = past.clock() - timedelta(days=20)
    for number in range(45):
        said = past.say(f"message {number}", began + timedelta(hours=10 * number))
        past.say("a reply", began + timedelta(hours=10 * number, minutes=1), thread_ts=str(said["ts"]))
    row = past.order(since=began)
    started = past.clock()
    past.backfill.run()
    first = past.row(row)
    assert first.reached_at is None, "its threads are not read yet"
    foreseen = standing(first, past.clock())
    assert foreseen.ends_at is not None
    assert past.finish(row).state == "done"
    took = past.clock() - started
    assert foreseen.ends_at - started == pytest.approx(took, rel=0.3)


def test_a_long_pause_alone_tells_the_narrow_limit_too_until_a_page_says_otherwise(past: Past) -> None:
    historian = past.backfill.historians["slack"]
    assert historian.slowed(None, 3) is None
    assert historian.slowed(None, 60) == Allowance(500, 60.0)
    fill(past, 20)
    past.slack.fail_next("conversations.history", retry_after=60)
    row = past.order()
    past.backfill.run()
    assert past.row(row).pace_seconds == 60.0
    assert past.finish(row).pace_seconds == 2.0


def test_cancelling_holds_at_once_even_while_a_page_is_on_its_way(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(past, 3)
    row = past.order()
    historian = past.backfill.historians["slack"]
    ask = historian.page

    def meanwhile(*given: object) -> Page:
        with past.line.database.write() as session:
            held = session.get_one(Import, row.id)
            held.state, held.due_at, held.lease_token = "cancelled", None, None
        return ask(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(historian, "page", meanwhile)
    past.backfill.run()
    assert past.row(row).state == "cancelled"
    with past.line.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Event)) == 0


@pytest.mark.parametrize(("error", "reason"), [("channel_not_found", "slack_channel_not_found"),
                                               ("not_in_channel", "slack_not_in_channel"),
                                               ("missing_scope", "slack_scope_missing")])  # fmt: skip
def test_what_slack_refuses_for_good_ends_the_import_with_its_reason(past: Past, error: str, reason: str) -> None:
    past.slack.fail_next("conversations.history", error=error, status=200)
    done = past.finish(past.order())
    assert (done.state, done.reason) == ("failed", reason)
    assert done.finished_at == past.clock()


def test_a_connection_in_trouble_makes_the_import_wait_and_not_fail(past: Past) -> None:
    fill(past, 3)
    row = past.order()
    past.slack.fail_next("conversations.history", error="token_expired", status=200)
    past.backfill.run()
    waiting = past.row(row)
    assert (waiting.state, waiting.reason, waiting.attempts) == ("running", "slack_token_expired", 0)
    with past.line.database.write() as session:
        session.get_one(Integration, past.line.slack_integration_id).is_active = False
    past.clock.advance(minutes=2)
    past.backfill.run()
    assert past.row(row).reason == "integration_paused"
    with past.line.database.write() as session:
        session.get_one(Integration, past.line.slack_integration_id).is_active = True
    assert past.finish(row).state == "done"


def test_a_server_that_never_answers_well_ends_the_import_after_its_schedule(past: Past) -> None:
    past.slack.fail_next("conversations.history", error="internal_error", status=500, times=100)
    done = past.finish(past.order())
    assert (done.state, done.reason, done.attempts) == ("failed", "slack_unavailable", 9)


def test_one_workspace_that_must_wait_does_not_hold_up_another(past: Past) -> None:
    fill(past, 3)
    waiting, other = past.order(), past.order(channel_id="C0ELSEWHERE")
    past.slack.fail_next("conversations.history", retry_after=50)
    past.backfill.run()
    past.backfill.run()
    assert past.row(waiting).reason == "slack_rate_limited"
    assert past.row(other).reason == "slack_channel_not_found"


def test_live_events_are_decided_before_imported_ones(past: Past) -> None:
    fill(past, 200)
    past.finish(past.order())
    past.line.clock.advance(minutes=1)
    live = [
        past.line.slack(message("Now!", f"1795255300.{n:06d}"), f"EvLive{n}", team=past.cast.home.id) for n in range(90)
    ]
    past.line.process.run()
    with past.line.database.read() as session:
        settled = session.scalars(select(Event.id).where(Event.state != "pending")).all()
        left = session.scalar(select(func.count()).select_from(Event).where(Event.state == "pending"))
    assert {each.event_id for each in live} <= set(settled)
    assert len(settled) == 100
    assert left == 190


def test_the_writer_of_a_failing_page_is_told_by_its_reason(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> Page:
        raise ValueError("anything")

    row = past.order()
    monkeypatch.setattr(past.backfill.historians["slack"], "page", broken)
    past.backfill.run()
    assert (past.row(row).reason, past.row(row).attempts) == ("import_page_failed", 1)


def test_an_import_of_several_channels_reads_one_after_another(past: Past) -> None:
    fill(past, 3)
    others = [channel.id for channel in past.cast.world.channels if channel.id != past.channel.id]
    row = past.order(channel_id=None, cursor={"channel": others[0], "left": [past.channel.id], "channels": 2})
    past.backfill.run()
    assert 0.4 < standing(past.row(row), past.clock()).share < 0.6
    done = past.finish(row)
    assert (done.state, done.channel_name, done.messages_new, done.requests_made) == ("done", None, 3, 2)
