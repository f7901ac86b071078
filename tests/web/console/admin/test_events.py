"""The inbox: filters, reasons in words, and replay."""

from collections.abc import Callable

from db import Event, Receipt
from tests.web.api.rows import add_event, add_integration, add_key, add_receipt
from tests.web.console.admin.conftest import Rooms


def test_events_say_what_became_of_them(rooms: Rooms) -> None:
    workspace_id, database = rooms.made.workspace_id, rooms.database
    door = add_integration(database, workspace_id)
    add_event(database, integration_id=door, type="issue.created", minutes=1)
    failed = add_event(database, integration_id=door, state="failed", reason="pylon_unavailable", minutes=2)
    captured = add_event(database, platform="slack", type="message", state="processed", minutes=3)
    signal = rooms.add_signal()
    add_receipt(database, captured, workspace_id, signal_id=signal.id)
    ignored = add_event(database, platform="slack", type="message", state="ignored", minutes=4)
    add_receipt(database, ignored, workspace_id, outcome="ignored", reason="channel_not_shared")
    lines = [" ".join(line.get_text(" ").split()) for line in rooms.page("/events").select(".ledger li")]
    assert len(lines) == 4
    for line, words in zip(lines, ("Pending", "Failed", "Captured", "not shared with another company"), strict=True):
        assert words in line
    assert rooms.page("/events").find("a", href=f"/signals/{signal.id}")
    shown = {
        state: len(rooms.page(f"/events?state={state}").select(".ledger li")) for state in ("failed", "ignored", "x")
    }
    assert shown == {"failed": 1, "ignored": 1, "x": 4}
    assert len(rooms.page("/events?platform=slack&outcome=captured&before=").select(".ledger li")) == 1
    assert rooms.browser.get(f"/events/{failed}").status_code == 200


def test_one_or_many_are_replayed(rooms: Rooms, woken: list[str]) -> None:
    door = add_integration(rooms.database, rooms.made.workspace_id)
    failed = [add_event(rooms.database, integration_id=door, state="failed", minutes=minute) for minute in range(3)]
    answer = rooms.submit("/events/replay", event_id=failed[:2])
    assert (answer.status_code, answer.location) == (303, "/events?replayed=2")
    assert "2 events are processed again" in rooms.text("/events?replayed=2")
    with rooms.database.read() as session:
        states = [session.get_one(Event, event_id).state for event_id in failed]
    assert states == ["pending", "pending", "failed"]
    assert woken == ["process"]
    assert rooms.submit("/events/replay").location == "/events?replayed=0"


def test_the_inbox_has_pages_without_gaps(rooms: Rooms) -> None:
    key = add_key(rooms.database, rooms.made.workspace_id, "digest")
    made = [add_event(rooms.database, platform="webhook", webhook_key_id=key, minutes=minute) for minute in range(53)]
    first = rooms.page("/events?platform=webhook")
    older = first.find("a", string="Older events")
    assert older is not None
    second = rooms.page(str(older["href"]))
    ticked = [str(box["value"]) for page in (first, second) for box in page.select("input[name=event_id]")]
    assert ticked == made
    assert second.find("a", string="Newest")


def test_the_payload_is_shown_and_escaped(rooms: Rooms) -> None:
    door = add_integration(rooms.database, rooms.made.workspace_id)
    event = add_event(rooms.database, integration_id=door, payload=b'\xff<script>alert(1)</script>"')
    page = rooms.page(f"/events/{event}")
    assert "<script>alert(1)</script>" in page.text
    assert not page.find_all("script", string=True)


def test_others_events_are_neither_shown_nor_replayed(
    rooms: Rooms, open_rooms: Callable[..., Rooms], woken: list[str]
) -> None:
    event = add_event(rooms.database, integration_id=add_integration(rooms.database, rooms.made.workspace_id))
    other = open_rooms("Other")
    assert "Nothing arrived yet" in other.text("/events")
    assert other.browser.get(f"/events/{event}").status_code == 404
    mine = add_event(other.database, integration_id=add_integration(other.database, other.made.workspace_id))
    assert other.submit("/events/replay", event_id=[mine, event]).status_code == 404
    assert woken == []
    with rooms.database.read() as session:
        assert session.query(Receipt).count() == 0


def test_garbage_is_no_event(rooms: Rooms) -> None:
    for event_id in ("%00", "x" * 3000, "%F0%9F%9A%A6", "%ED%A0%80"):
        assert rooms.browser.get(f"/events/{event_id}").status_code == 404
    assert rooms.submit("/events/replay", event_id=["\x00", "ü"]).status_code == 404
    assert rooms.browser.get("/events?before=%00&state=%FF&type=x").status_code == 200
