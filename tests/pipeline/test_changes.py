from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import select

from core.adapter import AccountKey
from core.changes import (
    Change,
    ChannelMembership,
    ChannelMoved,
    ChannelRenamed,
    Migration,
    RateLimited,
    TeamAccess,
    TeamRenamed,
)
from core.errors import StepFailed
from db import Conversation, ConversationLink, Database, DirectoryEntry, Duty, Import, Integration, Signal, SlackApp
from pipeline.installations.lifecycle import StoredLifecycle
from pipeline.tokens.access import StoredAccess
from tests.pipeline.conftest import CHANNEL, HOME, Line, deleted, edited, message

Tell = Callable[..., None]
NEW = "C0PRESENT"
OURS = AccountKey(team_id=HOME)


@pytest.fixture
def tell(line: Line) -> Tell:
    """Lets a change happen some minutes after the start."""

    def telling(change: Change, minute: float = 0, *, account: AccountKey = OURS) -> None:
        at = line.clock() + timedelta(minutes=minute)
        lifecycle = StoredLifecycle(line.database, line.clock)
        lifecycle.change(change, slack_app_id=line.slack_app_id, accounts=[account], happened_at=at)

    return telling


def row(line: Line) -> Integration:
    with line.database.read() as session:
        return session.get_one(Integration, line.slack_integration_id)


def configure(line: Line, **values: Any) -> None:
    with line.database.write() as session:
        found = session.get_one(Integration, line.slack_integration_id)
        for name, value in values.items():
            setattr(found, name, value)


def learned(line: Line, name: str) -> dict[str, Any]:
    facts: dict[str, Any] = row(line).config["slack_learned"].get(name, {})  # type: ignore[assignment]
    return facts


@pytest.mark.parametrize("order", list(permutations([0, 1, 2])))
def test_the_latest_name_stays_in_any_order(line: Line, tell: Tell, order: tuple[int, ...]) -> None:
    configure(line, config={"slack_channels": [{"id": CHANNEL, "name": "was", "capture": "all"}, {"id": "C2"}]})
    for number in order:
        tell(TeamRenamed(f"Team {number}"), number)
        tell(ChannelRenamed(CHANNEL, f"channel-{number}"), number)
    found = row(line)
    assert found.slack_team_name == "Team 2"
    assert found.config["slack_channels"] == [{"id": CHANNEL, "name": "channel-2", "capture": "all"}, {"id": "C2"}]


def test_a_renamed_channel_is_renamed_in_the_directory(line: Line, tell: Tell) -> None:
    with line.database.write() as session:
        for ref, fetched_at in (("C1", line.clock()), ("C2", line.clock() + timedelta(hours=1))):
            key = {"integration_id": line.slack_integration_id, "kind": "channel", "ref": ref}
            session.add(DirectoryEntry(**key, name="was", fetched_at=fetched_at))
    for channel_id in ("C1", "C2"):
        tell(ChannelRenamed(channel_id, "is"), 1)
    with line.database.read() as session:
        assert {entry.ref: entry.name for entry in session.query(DirectoryEntry)} == {"C1": "is", "C2": "was"}


@pytest.mark.parametrize("order", list(permutations([(0, True), (1, False), (2, True), (3, False)])))
def test_who_left_a_channel_is_remembered(line: Line, tell: Tell, order: tuple[tuple[int, bool], ...]) -> None:
    for minute, is_member in order:
        tell(ChannelMembership(CHANNEL, is_member), minute)
        tell(ChannelMembership("C2", not is_member), minute)
    assert learned(line, "left") == {CHANNEL: (line.clock() + timedelta(minutes=3)).timestamp()}


def test_teams_of_an_organisation(line: Line, tell: Tell) -> None:
    configure(line, slack_team_id=None, slack_enterprise_id="E1")
    organisation = AccountKey(enterprise_id="E1")
    tell(TeamAccess(("T1", "T2"), True), 1, account=organisation)
    tell(TeamAccess(("T1",), False), 3, account=organisation)
    tell(TeamAccess(("T1", "T3"), True), 2, account=organisation)
    assert learned(line, "teams") == {"T1": False, "T2": True, "T3": True}


class TestTeamsOfAnOrganisation:
    """An org-wide installation hears many teams; an admin of the organisation gives and takes them one by one."""

    @pytest.fixture(autouse=True)
    def org_wide(self, line: Line) -> None:
        configure(line, slack_team_id=None, slack_enterprise_id="E1")

    @pytest.fixture
    def access(self, tell: Tell) -> Tell:
        def changing(minute: float, *, granted: bool) -> None:
            tell(TeamAccess(("T1",), granted), minute, account=AccountKey(enterprise_id="E1"))

        return changing

    def hear(self, line: Line, event: dict[str, Any], event_id: str, team: str = "T1") -> str:
        """The event as it comes from that team; its id with us."""
        named = {"enterprise_id": "E1", "team_id": team, "is_enterprise_install": True}
        stored = line.slack(event, event_id, context_team_id=team, authorizations=[named])
        line.run()
        return stored.event_id

    def test_late_words_of_a_team_that_was_taken_away_are_stored_and_not_kept(self, line: Line, access: Tell) -> None:
        before = self.hear(line, message("before", "1795255200.000100"), "Ev1")
        access(1, granted=False)
        late = self.hear(line, message("late", "1795255201.000100"), "Ev2")
        changed = self.hear(line, edited("more", "1795255300.000100", before="before"), "Ev3")
        other = self.hear(line, message("elsewhere", "1795255202.000100"), "Ev4", team="T2")
        outcomes = [line.receipt(event_id) for event_id in (before, late, changed, other)]
        refused = ("ignored", "team_access_revoked")
        assert outcomes == [("captured", None), refused, refused, ("captured", None)]
        assert line.event(late).payload
        access(2, granted=True)
        self.hear(line, message("after", "1795255203.000100"), "Ev5")
        assert [signal.verbatim for signal in line.signals()] == ["before", "elsewhere", "after"]

    def test_a_deletion_still_takes_away(self, line: Line, access: Tell) -> None:
        self.hear(line, message("before"), "Ev1")
        access(1, granted=False)
        gone = self.hear(line, deleted("1795255300.000100"), "Ev2")
        assert line.receipt(gone)[0] == "deleted"
        assert [signal.deleted_at is None for signal in line.signals()] == [False]

    def test_what_a_person_asks_for_is_not_kept_either(self, line: Line, access: Tell) -> None:
        access(1, granted=False)
        mention = message("<@U0BOT> keep this") | {"type": "app_mention"}
        assert line.receipt(self.hear(line, mention, "Ev1")) == ("ignored", "team_access_revoked")

    @pytest.mark.parametrize("order", list(permutations([(1, False), (2, True)])))
    def test_a_late_word_of_the_end_does_not_undo_what_was_given_after_it(
        self, line: Line, access: Tell, order: tuple[tuple[int, bool], ...]
    ) -> None:
        for minute, granted in order:
            access(minute, granted=granted)
        heard = self.hear(line, message("after"), "Ev1")
        assert line.receipt(heard) == ("captured", None)

    def test_words_that_were_faster_than_the_news_of_the_grant_are_taken_then(self, line: Line, access: Tell) -> None:
        access(0, granted=False)
        line.clock.advance(minutes=1)
        between = self.hear(line, message("between", "1795255201.000100"), "Ev1")
        line.clock.advance(minutes=2)
        after = self.hear(line, message("after", "1795255202.000100"), "Ev2")
        assert line.receipt(after) == ("ignored", "team_access_revoked")
        access(-1, granted=True)
        line.run()
        assert line.receipt(after) == ("captured", None)
        assert line.receipt(between) == ("ignored", "team_access_revoked")
        assert [signal.verbatim for signal in line.signals()] == ["after"]

    def test_a_teams_own_installation_is_not_concerned(self, line: Line) -> None:
        teams = {"teams": {HOME: False}}
        configure(line, slack_team_id=HOME, slack_enterprise_id=None, config={"slack_learned": teams})
        line.slack(message("ours"), "Ev1", context_team_id=HOME)
        line.run()
        assert [signal.verbatim for signal in line.signals()] == ["ours"]


@pytest.mark.parametrize("order", list(permutations([0, 1])))
def test_a_migration_pauses_calls_and_then_they_go_on(line: Line, tell: Tell, order: tuple[int, ...]) -> None:
    steps = [Migration("E0GRID", False), Migration("E0GRID", True)]
    for number in order:
        tell(steps[number], number)
        if number == 0 and order[0] == 0:
            with pytest.raises(StepFailed) as paused:
                StoredAccess(line.database).access(line.slack_integration_id)
            assert (paused.value.reason, paused.value.permanent) == ("slack_grid_migration", False)
    assert StoredAccess(line.database).access(line.slack_integration_id).token == "xoxb-1"
    assert (row(line).state_reason, row(line).slack_enterprise_id) == (None, "E0GRID")
    line.slack(message("still heard"), "Ev1")
    line.run()
    assert [signal.verbatim for signal in line.signals()] == ["still heard"]


def test_start_and_end_of_a_migration_within_one_second(line: Line, tell: Tell) -> None:
    tell(Migration("E0GRID", True))
    tell(Migration("E0GRID", False))
    assert row(line).state_reason is None


def test_a_limit_is_of_the_team_that_reached_it(line: Line, tell: Tell) -> None:
    """Whoever shares the app with that team learns nothing of it; whoever runs the server does."""
    moments = [line.clock().replace(microsecond=0) + timedelta(minutes=minute) for minute in (1, 3, 2)]
    for moment in moments:
        tell(RateLimited(moment), account=AccountKey(team_id="T0NOBODY"))
    with line.database.read() as session:
        assert session.get_one(SlackApp, line.slack_app_id).rate_limited_at == moments[1]
    assert row(line).held_back_at is None
    for moment in moments:
        tell(RateLimited(moment))
    assert row(line).held_back_at == moments[1]


@pytest.mark.parametrize(("team", "is_told"), [("T0ONE", True), ("T0TAKEN", False), ("T0NOBODY", False)])
def test_a_limit_of_an_organisations_team_is_the_organisations(
    line: Line, tell: Tell, team: str, is_told: bool
) -> None:
    """Slack names the team alone."""
    configure(line, slack_team_id=None, slack_enterprise_id="E1")
    ours = AccountKey("E1")
    tell(TeamAccess(("T0ONE", "T0TAKEN"), True), account=ours)
    tell(TeamAccess(("T0TAKEN",), False), 1, account=ours)
    tell(RateLimited(line.clock()), 2, account=AccountKey(team_id=team))
    assert (row(line).held_back_at is not None) is is_told


def test_another_installation_is_left_alone(line: Line, tell: Tell) -> None:
    before = row(line)
    for change in (TeamRenamed("X"), ChannelMembership(CHANNEL, False), Migration("E9", False)):
        tell(change, account=AccountKey(team_id="T0NOBODY"))
    after = row(line)
    assert (after.slack_team_name, after.config, after.state_reason) == (before.slack_team_name, before.config, None)


TS = "1795255200.000100"
STORY: dict[str, Callable[[Line, Tell], Any]] = {
    "said": lambda line, _: line.slack(message("first"), "Ev1"),
    "edited": lambda line, _: line.slack(edited("second", "1795255300.000100", before="first"), "Ev2"),
    "moved": lambda _, tell: tell(ChannelMoved(CHANNEL, NEW), 1),
    "said again": lambda line, _: line.slack(message("first", channel=NEW), "Ev3"),
}


@pytest.mark.parametrize("order", list(permutations(STORY)), ids=",".join)
def test_one_message_under_two_ids_is_one_signal(line: Line, tell: Tell, order: tuple[str, ...]) -> None:
    configure(line, config={"slack_channels": [{"id": CHANNEL, "name": "x"}, {"id": NEW}]})
    for name in order:
        STORY[name](line, tell)
        line.run()
    (signal,) = line.signals()
    assert (signal.source_ref, signal.verbatim) == (f"{NEW}:{TS}", "second")
    assert row(line).config["slack_channels"] == [{"id": NEW}]
    with line.database.read() as session:
        assert session.query(Conversation).count() == 1
        refs = {link.ref for link in session.query(ConversationLink)}
    assert f"{NEW}:{TS}" in refs


def test_what_people_decided_moves_along(line: Line, tell: Tell) -> None:
    line.slack(message("first"), "Ev1")
    line.run()
    (before,) = line.signals()
    with line.database.write() as session:
        session.get_one(Signal, before.id).status = "reviewed"
    tell(ChannelMoved(CHANNEL, NEW), 1)
    tell(ChannelMoved(CHANNEL, NEW), 1)
    (after,) = line.signals()
    assert (after.id, after.status, after.source_ref) == (before.id, "reviewed", f"{NEW}:{TS}")
    assert after.source_metadata["channel"] == NEW
    assert before.source_url is not None
    assert after.source_url == before.source_url.replace(CHANNEL, NEW)


def test_what_was_said_and_waits_moves_along(line: Line, tell: Tell) -> None:
    configure(line, config={"slack_capture": "asked"})
    line.slack(message("and on Monday too", "1795255201.000100", thread_ts=TS), "Ev1")
    line.run()
    tell(ChannelMoved(CHANNEL, NEW), 1)
    line.slack(message("It stops.", channel=NEW), "Ev2")
    with line.database.write() as session:
        integration = session.get_one(Integration, line.slack_integration_id)
        integration.config = {**integration.config, "slack_capture": "external"}
    line.run()
    assert sorted(signal.source_ref for signal in line.signals()) == [f"{NEW}:{TS}", f"{NEW}:1795255201.000100"]


@pytest.mark.parametrize("order", list(permutations([("A", "B"), ("B", "C")])))
def test_ids_lead_to_the_present_one_at_once(line: Line, tell: Tell, order: tuple[tuple[str, str], ...]) -> None:
    for old, new in order:
        tell(ChannelMoved(old, new), ord(old))
    assert learned(line, "moved") == {"A": "C", "B": "C"}


@pytest.mark.parametrize("order", list(permutations([1, 2])))
def test_what_was_said_follows_over_two_moves(line: Line, tell: Tell, order: tuple[int, ...]) -> None:
    line.slack(message("first"), "Ev1")
    line.run()
    for minute in order:
        tell(ChannelMoved(CHANNEL, "C0BETWEEN") if minute == 1 else ChannelMoved("C0BETWEEN", NEW), minute)
    assert [signal.source_ref for signal in line.signals()] == [f"{NEW}:{TS}"]


@pytest.mark.parametrize("is_known", [False, True])
def test_work_on_a_channel_that_moved_goes_on(line: Line, tell: Tell, is_known: bool) -> None:
    """Slack does not know the old id any more, and what is shown of the channel does not go away meanwhile."""
    now, of, whose = line.clock(), line.slack_integration_id, line.workspace_id
    complete = now - timedelta(minutes=9)
    walking = {"allowance": [15, 60.0], "repaired": 2, "until": now.isoformat(), "position": {"cursor": "x"}}
    orders = {"alone": (CHANNEL, {"channel": CHANNEL}), "last": (None, {"channel": "C0A", "left": ["C0B", CHANNEL]}),
              "over": (CHANNEL, {"channel": CHANNEL}), "other": ("C0A", {"channel": "C0A"})}  # fmt: skip
    with line.database.write() as session:
        session.add(DirectoryEntry(integration_id=of, kind="channel", ref=CHANNEL, name="x", facts={"is_member": True}))
        session.add(Duty(integration_id=of, kind="slack.reconcile", scope=CHANNEL, cursor=walking,
                         complete_until=complete, created_at=complete, lease_token="lea_1"))  # fmt: skip
        if is_known:
            session.add(DirectoryEntry(integration_id=of, kind="channel", ref=NEW, name="y"))
            session.add(Duty(integration_id=of, kind="slack.reconcile", scope=NEW, complete_until=now, created_at=now))
        for name, (channel, cursor) in orders.items():
            session.add(Import(id=f"imp_{name}", workspace_id=whose, integration_id=of, channel_id=channel, since=now,
                               until=now, cursor=cursor, state="done" if name == "over" else "running"))  # fmt: skip
    tell(ChannelMoved(CHANNEL, NEW), 1)
    with line.database.read() as session:
        (entry,) = session.scalars(select(DirectoryEntry).where(DirectoryEntry.kind == "channel"))
        assert (entry.ref, entry.name) == (NEW, "y" if is_known else "x")
        (duty,) = session.scalars(select(Duty).where(Duty.kind == "slack.reconcile"))
        assert (duty.scope, duty.complete_until, duty.created_at, duty.lease_token) == (NEW, complete, complete, None)
        assert duty.cursor == {"allowance": [15, 60.0], "repaired": 2}
        imports = {row.id.removeprefix("imp_"): row for row in session.scalars(select(Import))}
        assert {name: row.channel_id for name, row in imports.items()} == {
            "alone": NEW, "last": None, "over": CHANNEL, "other": "C0A",
        }  # fmt: skip
        assert imports["alone"].cursor["channel"] == NEW
        assert (imports["last"].cursor["channel"], imports["last"].cursor["left"]) == ("C0A", ["C0B", NEW])


@pytest.mark.parametrize("order", list(permutations([1, 2])))
def test_a_channel_that_moves_back(line: Line, tell: Tell, order: tuple[int, ...]) -> None:
    for minute in order:
        tell(ChannelMoved(CHANNEL, NEW) if minute == 1 else ChannelMoved(NEW, CHANNEL), minute)
    assert learned(line, "moved") == {NEW: CHANNEL}


def test_whoever_shares_the_channel_follows_and_nobody_else(line: Line, tell: Tell, database: Database) -> None:
    line.slack(message("first"), "Ev1")
    line.run()
    tell(ChannelMoved(CHANNEL, NEW), 1, account=AccountKey(team_id="T0ANOTHER"))
    assert [signal.source_ref for signal in line.signals()] == [f"{NEW}:{TS}"]
    tell(ChannelMoved("C0FOREIGN", "C0ELSE"), 1, account=AccountKey(team_id="T0ANOTHER"))
    assert learned(line, "moved") == {CHANNEL: NEW}


def test_a_large_channel_moves_in_batches(line: Line, tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.installations.moves.BATCH", 2)
    for number in range(5):
        line.slack(message("words", f"179525520{number}.000100"), f"Ev{number}")
    line.run()
    tell(ChannelMoved(CHANNEL, NEW), 1)
    assert len({signal.source_ref for signal in line.signals() if signal.source_ref.startswith(NEW)}) == 5


def test_facts_do_not_pile_up(line: Line, tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.installations.learned.MOST_FACTS", 3)
    for number in range(6):
        tell(ChannelMembership(f"C{number}", False), number)
    assert list(learned(line, "left")) == ["C3", "C4", "C5"]
