"""What a workspace no longer keeps is deleted, and nothing else."""

from datetime import timedelta

from ulid import ULID

from db import Database, Event, Receipt, Signal, SignalRevision, SlackApp, WebhookKey, Workspace
from pipeline.retention import BATCH, Retention
from tests.conftest import NOW, StillClock


def add_workspace(database: Database, name: str, days: int | None) -> str:
    with database.write() as session:
        workspace = Workspace(name=name, slug=name, retention_days=days)
        session.add(workspace)
    return workspace.id


def add_signal(database: Database, workspace_id: str, ref: str, days_ago: float) -> str:
    with database.write() as session:
        signal = Signal(
            workspace_id=workspace_id, source="webhook", source_ref=ref, source_version="1", verbatim="words",
            occurred_at=NOW - timedelta(days=days_ago),
        )  # fmt: skip
        session.add(signal)
        session.flush()
        session.add(
            SignalRevision(
                signal_id=signal.id, source_version="0", workspace_id=workspace_id, verbatim="w", replaced_at=NOW
            )
        )
    return signal.id


def add_event(
    database: Database,
    days_ago: float,
    *receivers: str,
    state: str = "processed",
    key: str | None = None,
    app: str | None = None,
) -> str:
    at = NOW - timedelta(days=days_ago)
    with database.write() as session:
        event = Event(
            id=f"evt_{ULID.from_datetime(at)}", platform="webhook", type="signal", payload=b"{}", state=state,
            received_at=at, webhook_key_id=key, slack_app_id=app, due_at=at if state == "pending" else None,
        )  # fmt: skip
        session.add(event)
        session.flush()
        for workspace_id in receivers:
            session.add(Receipt(event_id=event.id, workspace_id=workspace_id, outcome="captured"))
    return event.id


def run_all(step: Retention) -> int:
    done = 0
    while count := step.run().done:
        done += count
    return done


def left(database: Database) -> tuple[set[str], set[str]]:
    with database.read() as session:
        return {signal.id for signal in session.query(Signal)}, {event.id for event in session.query(Event)}


def test_only_what_is_older_goes_and_only_where_it_was_decided(database: Database, clock: StillClock) -> None:
    limited, keeping = add_workspace(database, "limited", 30), add_workspace(database, "keeping", None)
    add_signal(database, limited, "old", 30.5)
    kept = {add_signal(database, limited, "new", 29.5), add_signal(database, keeping, "old", 300)}
    add_event(database, 31, limited)
    events = {
        add_event(database, 29, limited), add_event(database, 31, keeping), add_event(database, 31, limited, keeping),
        add_event(database, 31, limited, state="pending"), add_event(database, 31),
    }  # fmt: skip
    run_all(Retention(database=database, clock=clock))
    assert left(database) == (kept, events)
    with database.read() as session:
        assert session.query(SignalRevision).count() == 2
        assert session.query(Receipt).filter_by(workspace_id=limited).count() == 2
        assert session.query(Receipt).filter_by(workspace_id=keeping).count() == 2


def test_repeats_are_told_for_seven_days(database: Database, clock: StillClock) -> None:
    workspace = add_workspace(database, "hasty", 1)
    add_signal(database, workspace, "old", 1.5)
    recent = add_event(database, 6.9, workspace)
    add_event(database, 7.1, workspace)
    run_all(Retention(database=database, clock=clock))
    assert left(database) == (set(), {recent})


def test_events_that_reached_nobody_go_with_their_door(database: Database, clock: StillClock) -> None:
    workspace = add_workspace(database, "limited", 10)
    with database.write() as session:
        key = WebhookKey(workspace_id=workspace, name="Zapier", api_key="d", api_key_hint="sbk_…", secret="s")
        session.add(key)
    add_event(database, 11, state="failed", key=key.id)
    kept = {add_event(database, 9, state="failed", key=key.id), add_event(database, 11, state="pending", key=key.id)}
    run_all(Retention(database=database, clock=clock))
    assert left(database)[1] == kept


def test_events_that_reached_nobody_through_an_own_slack_app_go_too(database: Database, clock: StillClock) -> None:
    workspace_id = add_workspace(database, "short", 30)
    with database.write() as session:
        own = SlackApp(workspace_id=workspace_id, client_id="1.2", client_secret="s", signing_secret="t")
        shared = SlackApp(client_id="3.4", client_secret="s", signing_secret="t")
        session.add_all([own, shared])
    add_event(database, 31, state="ignored", app=own.id)
    kept = {
        add_event(database, 29, state="ignored", app=own.id),
        add_event(database, 6, state="ignored", app=shared.id),
    }
    run_all(Retention(database=database, clock=clock))
    assert left(database)[1] == kept


def test_it_works_in_batches_and_rests_for_an_hour(database: Database, clock: StillClock) -> None:
    workspace = add_workspace(database, "limited", 10)
    old = NOW - timedelta(days=11)
    with database.write() as session:
        for number in range(BATCH + 3):
            session.add(
                Signal(
                    workspace_id=workspace, source="webhook", source_ref=str(number), source_version="1", verbatim="w",
                    occurred_at=old,
                )
            )  # fmt: skip
    step = Retention(database=database, clock=clock)
    assert [step.run().done for _ in range(3)] == [BATCH, 3, 0]
    add_signal(database, workspace, "late", 12)
    resting = step.run()
    assert (resting.done, resting.next_due_at) == (0, NOW + timedelta(hours=1))
    clock.advance(hours=1)
    assert step.run().done == 1


def test_events_of_a_shared_app_that_were_for_nobody_go_when_no_repeat_can_come(
    database: Database, clock: StillClock
) -> None:
    add_workspace(database, "kept", None)
    with database.write() as session:
        app = SlackApp(client_id="1.2", client_secret="s", signing_secret="t")
        session.add(app)
    ours = add_workspace(database, "ours", None)
    add_event(database, 8, app=app.id)
    waiting = add_event(database, 8, app=app.id, state="pending")
    young, received = add_event(database, 6, app=app.id), add_event(database, 8, ours, app=app.id)
    step = Retention(database=database, clock=clock)
    assert run_all(step) == 1
    assert left(database)[1] == {waiting, young, received}
    clock.advance(days=2)
    assert run_all(step) == 1
    assert left(database)[1] == {waiting, received}
