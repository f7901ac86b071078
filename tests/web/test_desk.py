"""The desk: who a visitor is, what they may see and change, and why a message was (not) captured."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from core.adapter import AccountKey
from core.desk import DigestPlan, Room, Token
from core.errors import Forbidden, InvalidFields
from db import AuditEntry, Database, DirectoryEntry, Duty, Integration, SignalCopy
from integrations.slack.interaction import ISSUER
from tests.conftest import StillClock
from tests.web import desk_rows
from tests.web.desk_rows import furnish


@pytest.fixture
def room(database: Database, clock: StillClock) -> desk_rows.Room:
    return furnish(database, clock)


def config(room: desk_rows.Room) -> dict[str, object]:
    with room.database.read() as session:
        return dict(session.get_one(Integration, room.integration_id).config)


def change(room: desk_rows.Room, **columns: object) -> None:
    with room.database.write() as session:
        row = session.get_one(Integration, room.integration_id)
        for name, value in columns.items():
            setattr(row, name, value)


def test_who_a_visitor_is(room: desk_rows.Room) -> None:
    assert [room.visitor(user).role for user in ("U0ALICE", "U0VIC", "U0NINA", "U0OTTO")] == [
        "admin",
        "viewer",
        None,
        None,
    ]
    assert room.desk.visitor(room.app_id, AccountKey(None, "T0ELSE"), ISSUER, "T0ELSE/U1") is None
    assert room.desk.visitor("app_other", desk_rows.HOME, ISSUER, "T0HOME/U0ALICE") is None
    change(room, state="disconnected")
    assert room.desk.visitor(room.app_id, desk_rows.HOME, ISSUER, "T0HOME/U0ALICE") is None


def test_an_organisations_connection_knows_its_teams(room: desk_rows.Room) -> None:
    change(room, slack_team_id=None, slack_enterprise_id="E1")
    assert room.visitor("U0ALICE", AccountKey("E1", "T0HOME")).account == AccountKey("E1", None)


def test_only_members_see_signals_and_only_their_own(room: desk_rows.Room) -> None:
    ours = room.signal("The export stops.", "1.1", author_name="Ada", account_name="Kestrel")
    theirs = room.signal("Their export stops too.", "1.2", workspace_id=room.other_id)
    vic, nina = room.visitor("U0VIC"), room.visitor("U0NINA")
    (found,) = room.desk.search(vic, "export", 5)
    assert (found.words, found.author, found.account) == ("The export stops.", "Ada", "Kestrel")
    assert found.url == f"https://box.example/signals/{ours}"
    assert room.desk.brief(vic, ours) == found
    assert room.desk.brief(vic, theirs) is None
    assert (room.desk.search(nina, "export", 5), room.desk.brief(nina, ours)) == ([], None)
    assert room.desk.search(vic, '"', 5) == []


def test_the_story_of_a_captured_message(room: desk_rows.Room) -> None:
    room.event("C1:1.1", "captured", repeats=2)
    signal = room.signal("The export stops.", "1.1")
    story = room.desk.story(room.visitor("U0NINA"), "C1", "1.1", sees_message=True)
    (chapter,) = story.chapters
    assert (chapter.kind, chapter.verified_by, chapter.connection) == ("message", "Signalbox (A1)", "Acme Slack")
    assert (chapter.received_at, chapter.repeats) == (room.clock(), 2)
    assert (story.signal, story.is_deleted, story.hints) == (f"https://box.example/signals/{signal}", False, ())


def test_a_channel_that_has_another_id_now_keeps_its_stories(room: desk_rows.Room) -> None:
    room.event("C0OLD:1.1", "captured")
    with room.database.write() as session:
        session.get_one(Integration, room.integration_id).config = {"slack_learned": {"moved": {"C0OLD": "C1"}}}
    signal = room.signal("The export stops.", "1.1")
    now = room.desk.story(room.visitor("U0VIC"), "C1", "1.1", sees_message=True)
    assert [chapter.outcome for chapter in now.chapters] == ["Its words were new, and were kept."]
    assert now.signal == f"https://box.example/signals/{signal}"
    assert room.desk.story(room.visitor("U0VIC"), "C0OLD", "1.1", sees_message=True) == now, "by a link of before"


def test_the_story_of_a_message_that_was_not_for_keeping(room: desk_rows.Room) -> None:
    room.event("C1:1.1", "ignored", "internal_author")
    story = room.desk.story(room.visitor("U0VIC"), "C1", "1.1", sees_message=False)
    assert story.signal is None
    assert story.chapters[0].reason == "The mode keeps the words of people outside the company only"


def test_the_story_of_a_copy(room: desk_rows.Room) -> None:
    copy, original = room.signal("It stops.", "1.1"), room.signal("It stops.", "1.2")
    with room.database.write() as session:
        session.add(SignalCopy(signal_id=copy, original_id=original, workspace_id=room.workspace_id))
    story = room.desk.story(room.visitor("U0VIC"), "C1", "1.1", sees_message=False)
    assert story.copy_of == f"https://box.example/signals/{original}"


def test_anothers_events_are_no_part_of_a_story_that_anybody_can_ask_for(room: desk_rows.Room) -> None:
    room.event("C9:1.1", "captured", to=room.other_id)
    room.event("C9:1.1", None, state="pending")
    room.signal("Theirs.", "1.1", workspace_id=room.other_id)
    vic = room.visitor("U0VIC")
    unseen = room.desk.story(vic, "C9", "1.1", sees_message=False)
    assert (unseen.chapters, unseen.signal) == ((), None)
    assert any("invite" in hint for hint in unseen.hints)
    seen = room.desk.story(vic, "C9", "1.1", sees_message=True)
    assert [(chapter.state, chapter.outcome) for chapter in seen.chapters] == [("pending", None)]


def test_that_another_workspace_asked_for_the_words_is_not_told(room: desk_rows.Room) -> None:
    room.event("C1:1.1", "ignored", "internal_author")
    for outcome in ("captured", None):
        room.event("C1:1.1", outcome, to=room.other_id, kind="view_submission")
    story = room.desk.story(room.visitor("U0VIC"), "C1", "1.1", sees_message=True)
    assert [chapter.kind for chapter in story.chapters] == ["message"]


def test_hints_say_what_keeps_messages_away(room: desk_rows.Room) -> None:
    change(room, is_active=False, state="needs_reconnect", config={"slack_channels": [{"id": "C7"}]})
    hints = " ".join(room.desk.story(room.visitor("U0VIC"), "C1", "9.9", sees_message=True).hints)
    for words in ("renewed", "paused", "not among them", "import"):
        assert words in hints


def test_channels_that_a_pattern_added_keep_no_other_away(room: desk_rows.Room) -> None:
    change(room, config={"slack_channels": [{"id": "C7", "auto": True}]})
    hints = " ".join(room.desk.story(room.visitor("U0VIC"), "C1", "9.9", sees_message=True).hints)
    assert "not among them" not in hints
    assert "held" not in hints
    minute = (room.clock() - timedelta(hours=1)).timestamp()
    long_ago = room.clock() - timedelta(days=9)
    change(room, installed_at=long_ago, config={"slack_learned": {"held_back": {"minute": minute}}})
    assert "held your team’s events back" in " ".join(
        room.desk.story(room.visitor("U0VIC"), "C1", "9.9", sees_message=True).hints
    )


def test_the_overview(room: desk_rows.Room) -> None:
    with room.database.write() as session:
        for ref, shared in (("C1", True), ("C2", False), ("C3", True)):
            facts = {"is_ext_shared": shared, "is_member": True}
            session.add(
                DirectoryEntry(
                    integration_id=room.integration_id, kind="channel", ref=ref, name=ref.lower(), facts=facts
                )
            )
    room.signal("The export stops.", "1.1")
    room.event("C1:1.1", "captured")
    overview = room.desk.overview(room.visitor("U0VIC"))
    assert overview.rooms == (Room("C1", "c1", "external"), Room("C2", "c2", None), Room("C3", "c3", "external"))
    assert (overview.signals_today, overview.reaction, overview.picks_rooms) == (1, "inbox_tray", False)
    assert overview.last_event_at == room.clock()
    assert [brief.words for brief in overview.latest] == ["The export stops."]


def test_the_token_as_the_home_page_tells_of_it(room: desk_rows.Room) -> None:
    now, alice = room.clock(), room.visitor("U0ALICE")
    change(room, token_expires_at=now + timedelta(hours=11), refreshed_at=now, refresh_problem="slack_unavailable")
    found = room.desk.overview(alice)
    assert found.token == Token(
        now + timedelta(hours=11), timedelta(hours=11), now, "Slack did not answer. It is tried again."
    )
    assert not found.needs_reconnect
    url = urlsplit(found.reconnect_url)
    assert (f"{url.scheme}://{url.netloc}", url.path) == (desk_rows.PUBLIC_URL, "/slack/install")
    assert parse_qs(url.query) == {"workspace": [room.workspace_id], "app": [room.app_id]}
    change(room, state="needs_reconnect", state_reason="invalid_refresh_token", refresh_problem=None)
    found = room.desk.overview(alice)
    assert found.needs_reconnect
    assert "Add the app to Slack once more" in str(found.token.problem)
    change(room, state="active", state_reason=None, token_expires_at=None, refresh_problem="slack_rotation_off")
    assert room.desk.overview(alice).token == Token(refreshed_at=now)


def test_switching_one_channel_off_leaves_the_others_on(room: desk_rows.Room) -> None:
    test_the_overview(room)
    alice = room.visitor("U0ALICE")
    room.desk.hear(alice, "C1", name="c1", on=False)
    assert config(room)["slack_channels"] == [{"id": "C1", "name": "c1", "capture": "asked", "auto": True}]
    overview = room.desk.overview(alice)
    assert [each.hears for each in overview.rooms] == [None, None, "external"]
    assert overview.picks_rooms is False
    room.desk.hear(alice, "C1", name=None, on=True)
    room.desk.hear(alice, "C2", name="c2", on=True)
    assert [each.hears for each in room.desk.overview(alice).rooms] == ["external", "all", "external"]
    with room.database.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "integration.changed")).all()
    assert [entry.actor_id for entry in entries] == [alice.user_id] * 3


def test_where_channels_were_picked_a_switch_picks(room: desk_rows.Room) -> None:
    change(room, config={"slack_channels": [{"id": "C7", "name": "c7"}]})
    alice = room.visitor("U0ALICE")
    room.desk.hear(alice, "C1", name="c1", on=True)
    room.desk.hear(alice, "C7", name=None, on=False)
    assert config(room)["slack_channels"] == [
        {"id": "C1", "name": "c1"},
        {"id": "C7", "name": "c7", "capture": "asked"},
    ]


def test_only_admins_change_anything(room: desk_rows.Room) -> None:
    for visitor in (room.visitor("U0VIC"), room.visitor("U0NINA")):
        with pytest.raises(Forbidden):
            room.desk.hear(visitor, "C1", name=None, on=True)
        with pytest.raises(Forbidden):
            room.desk.choose_reaction(visitor, "eyes")
        with pytest.raises(Forbidden):
            room.desk.plan_digest(visitor, DigestPlan("C2", "team", 9))
    assert config(room) == {}


def test_emoji_and_digest(room: desk_rows.Room) -> None:
    alice = room.visitor("U0ALICE")
    room.desk.choose_reaction(alice, ":eyes:")
    room.desk.plan_digest(alice, DigestPlan("C2", "team", 9))
    assert config(room) == {
        "slack_reaction": "eyes",
        "slack_digest": {"channel_id": "C2", "channel_name": "team", "hour": 9},
    }
    with pytest.raises(InvalidFields):
        room.desk.choose_reaction(alice, "two words")
    with room.database.write() as session:
        session.add(
            Duty(integration_id=room.integration_id, kind="slack.digest", scope="C2", reason="digest_channel_shared")
        )
    assert (room.desk.overview(alice).digest or DigestPlan("", None, 0)).problem
    room.desk.plan_digest(alice, DigestPlan("C2", "team", 9))
    with room.database.read() as session:
        assert session.scalars(select(Duty)).all() == [], "whoever picks the channel again wants it tried again"
    room.desk.plan_digest(alice, None)
    assert "slack_digest" not in config(room)
