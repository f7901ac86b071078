"""The list of channels is kept, patterns add new ones, and nothing that an admin decided is undone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.adapter import AccountKey
from core.changes import ChannelCreated, ChannelRenamed
from db import AuditEntry, DirectoryEntry, Duty, Import, Integration
from integrations.slack.channels import SlackChannels
from integrations.slack.client import SlackClient
from pipeline.channel_list import EVERY, EVERY_FOR_PATTERNS, ChannelList, list_again
from pipeline.channels.autolink import link_renamed
from pipeline.channels.captured import captured_channels
from pipeline.installations.changes import apply_change
from pipeline.pauses import StoredPauses
from sandbox.slack_world import SlackChannel
from tests.pipeline.past import Past, past

__all__ = ["past"]


@pytest.fixture
def step(past: Past) -> ChannelList:
    client = SlackClient(past.server.slack_api_url, StoredPauses(past.line.database, past.clock))
    return ChannelList(
        database=past.line.database, books={"slack": SlackChannels(client)}, access=past.backfill.access,
        clock=past.clock,
    )  # fmt: skip


def add(past: Past, *channels: SlackChannel) -> None:
    world = past.slack.world
    past.slack.world = replace(world, channels=(*world.channels, *channels))


def ours(past: Past, identity: str, name: str, **more: Any) -> SlackChannel:
    return SlackChannel(id=identity, name=name, team_ids=(past.cast.home.id,), **more)


def configure(past: Past, **config: Any) -> None:
    with past.line.database.write() as session:
        session.get_one(Integration, past.line.slack_integration_id).config = config  # type: ignore[assignment]


def listed(past: Past) -> list[dict[str, Any]]:
    with past.line.database.read() as session:
        return list(session.get_one(Integration, past.line.slack_integration_id).config.get("slack_channels", []))  # type: ignore[arg-type]


def entries(past: Past) -> dict[str, DirectoryEntry]:
    with past.line.database.read() as session:
        return {entry.ref: entry for entry in session.scalars(select(DirectoryEntry))}


def read(past: Past, step: ChannelList) -> Duty:
    """The whole list, page by page, time passing as it asks for."""
    with past.line.database.write() as session:
        list_again(session, past.line.slack_integration_id, past.clock())
    for _ in range(50):
        step.run()
        with past.line.database.read() as session:
            duty = session.scalars(select(Duty)).one()
        if duty.due_at is None or duty.due_at - past.clock() > timedelta(minutes=5):
            return duty
        past.clock.now = max(past.clock.now, duty.due_at)
    raise AssertionError("the list does not come to an end")


def test_every_page_of_the_list_is_read_and_what_is_gone_is_forgotten(past: Past, step: ChannelList) -> None:
    add(past, *(ours(past, f"C0MANY{number:04}", f"many-{number}") for number in range(450)))
    add(past, ours(past, "C0PRIVATE", "private", is_private=True), ours(past, "C0OLD", "old", is_archived=True))
    past.slack.outside = {"C0MANY0000"}
    past.slack.fail_next("conversations.list", retry_after=2)
    duty = read(past, step)
    assert past.slack.calls("conversations.list") == 4
    found = entries(past)
    assert len(found) == 452 + len(past.cast.channels)
    assert found[past.channel.id].name == past.channel.name
    assert found[past.channel.id].facts["is_ext_shared"] is True
    assert found["C0MANY0000"].facts["is_member"] is False
    assert found["C0PRIVATE"].facts["is_private"] is True
    assert found["C0OLD"].facts["is_archived"] is True
    assert duty.complete_until == past.clock()
    assert duty.due_at == past.clock() + EVERY
    past.slack.world = past.cast.world
    past.clock.advance(hours=1)
    read(past, step)
    assert entries(past).keys() == {channel.id for channel in past.cast.world.channels}


def test_patterns_add_new_channels_and_join_public_ones(past: Past, step: ChannelList) -> None:
    configure(past, slack_autolink=["ext-*", "*-support"], slack_import_days=30)
    read(past, step)
    assert listed(past) == []
    add(past, ours(past, "C0EXT", "ext-globex"), ours(past, "C0OTHER", "random"), ours(past, "C0SUP", "acme-support"))
    past.slack.outside = {"C0SUP"}
    read(past, step)
    assert sorted(listed(past), key=lambda each: each["id"]) == [
        {"id": "C0EXT", "name": "ext-globex", "auto": True},
        {"id": "C0SUP", "name": "acme-support", "auto": True},
    ]
    assert past.slack.outside == set()
    with past.line.database.read() as session:
        audited = session.scalars(select(AuditEntry).where(AuditEntry.action == "channel.autolinked")).all()
        assert {(entry.details["name"], entry.details["pattern"]) for entry in audited} == {
            ("ext-globex", "ext-*"),
            ("acme-support", "*-support"),
        }
        assert set(session.scalars(select(Import.channel_id))) == {"C0EXT", "C0SUP"}


def test_what_a_pattern_adds_does_not_narrow_what_is_captured(past: Past, step: ChannelList) -> None:
    configure(past, slack_autolink=["ext-*"])
    add(past, ours(past, "C0EXT", "ext-globex"))
    read(past, step)
    shared = {channel.id for channel in past.cast.world.channels if channel.is_ext_shared}
    with past.line.database.read() as session:
        integration = session.get_one(Integration, past.line.slack_integration_id)
        assert captured_channels(session, integration) == shared | {"C0EXT"}
        integration.config = {"slack_channels": [{"id": "C0PICK"}, {"id": "C0EXT", "auto": True}]}
        assert captured_channels(session, integration) == {"C0PICK", "C0EXT"}


def test_what_an_admin_took_out_stays_out_until_the_channel_is_news_again(past: Past, step: ChannelList) -> None:
    configure(past, slack_autolink=["ext-*"])
    add(past, ours(past, "C0EXT", "ext-globex"), ours(past, "C0NAME", "random"))
    read(past, step)
    configure(past, slack_autolink=["ext-*"])
    renamed = (ours(past, "C0EXT", "ext-globex"), ours(past, "C0NAME", "ext-new"))
    past.slack.world = replace(past.cast.world, channels=renamed)
    read(past, step)
    assert [each["id"] for each in listed(past)] == ["C0NAME"]


def test_a_channel_that_cannot_be_joined_is_not_listened_to(past: Past, step: ChannelList) -> None:
    configure(past, slack_autolink=["ext-*"])
    add(past, ours(past, "C0EXT", "ext-globex"))
    past.slack.outside = {"C0EXT"}
    past.slack.fail_next("conversations.join", error="missing_scope", status=200)
    read(past, step)
    assert listed(past) == []
    assert past.slack.calls("conversations.join") == 1
    read(past, step)
    assert past.slack.calls("conversations.join") == 1
    past.slack.outside = set()
    read(past, step)
    assert [each["id"] for each in listed(past)] == ["C0EXT"]


def test_a_scope_that_is_missing_is_told_and_asked_for_again_later(past: Past, step: ChannelList) -> None:
    past.slack.fail_next("conversations.list", error="missing_scope", status=200)
    duty = read(past, step)
    assert duty.reason == "slack_scope_missing"
    assert read(past, step).reason is None


def test_a_channel_that_is_given_a_matching_name_is_added(past: Past, step: ChannelList) -> None:
    configure(past, slack_autolink=["ext-*"])
    add(past, ours(past, "C0NAME", "random"))
    read(past, step)
    for _ in range(2):
        with past.line.database.write() as session:
            integration = session.get_one(Integration, past.line.slack_integration_id)
            link_renamed(session, integration, "C0NAME", "ext-new", past.clock())
    assert listed(past) == [{"id": "C0NAME", "name": "ext-new", "auto": True}]


class TestNewNames:
    """Slack tells of a new channel and of a new name: patterns need not wait for the next reading of the list."""

    @pytest.fixture
    def tell(self, past: Past) -> Callable[..., None]:
        def telling(change: ChannelCreated | ChannelRenamed, minutes: float = 0) -> None:
            apply_change(
                past.line.database, past.clock, change, slack_app_id=past.line.slack_app_id,
                accounts=[AccountKey(team_id=past.cast.home.id)], happened_at=past.clock() + timedelta(minutes=minutes),
            )  # fmt: skip

        return telling

    @pytest.fixture
    def listed_before(self, past: Past, step: ChannelList) -> None:
        """The list was read a while ago, and the channel is one that the app is not in."""
        configure(past, slack_autolink=["ext-*", "*-support"])
        add(past, ours(past, "C0NAME", "random"))
        past.slack.outside = {"C0NAME", "C0NEW", "C0PRIVATE"}
        read(past, step)

    def names(self, past: Past, **renamed: str) -> None:
        """Slack's channels have these names now."""
        kept = [channel for channel in past.slack.world.channels if channel.id not in renamed]
        now = [ours(past, identity, name) for identity, name in renamed.items()]
        past.slack.world = replace(past.slack.world, channels=(*kept, *now))

    @pytest.mark.usefixtures("listed_before")
    def test_a_new_channel_is_joined_and_added_at_once(
        self, past: Past, step: ChannelList, tell: Callable[..., None]
    ) -> None:
        lists = past.slack.calls("conversations.list")
        self.names(past, C0NEW="ext-globex")
        for _ in range(2):
            tell(ChannelCreated("C0NEW", "ext-globex"))
        assert step.run().done == 1
        assert listed(past) == [{"id": "C0NEW", "name": "ext-globex", "auto": True}]
        assert (past.slack.calls("conversations.join"), past.slack.calls("conversations.list")) == (1, lists)
        with past.line.database.read() as session:
            duty = session.scalars(select(Duty)).one()
            assert duty.due_at == (duty.done_at or past.clock()) + EVERY_FOR_PATTERNS, "the list keeps its time"

    @pytest.mark.usefixtures("listed_before")
    def test_a_channel_that_is_given_a_matching_name_is_joined(
        self, past: Past, step: ChannelList, tell: Callable[..., None]
    ) -> None:
        self.names(past, C0NAME="acme-support")
        tell(ChannelRenamed("C0NAME", "acme-support"))
        assert step.run().done == 1
        assert listed(past) == [{"id": "C0NAME", "name": "acme-support", "auto": True}]
        assert entries(past)["C0NAME"].name == "acme-support"

    @pytest.mark.usefixtures("listed_before")
    def test_a_join_that_was_lost_is_made_up_for_by_the_list(
        self, past: Past, step: ChannelList, tell: Callable[..., None]
    ) -> None:
        self.names(past, C0NAME="ext-new", C0NEW="ext-globex")
        tell(ChannelRenamed("C0NAME", "ext-new"))
        tell(ChannelCreated("C0NEW", "ext-globex"))
        with past.line.database.write() as session:
            session.scalars(select(Duty)).one().cursor = {}
        read(past, step)
        assert {each["id"] for each in listed(past)} == {"C0NAME", "C0NEW"}

    @pytest.mark.usefixtures("listed_before")
    @pytest.mark.parametrize("late", [ChannelCreated("C0NEW", "ext-globex"), ChannelRenamed("C0NEW", "ext-globex")])
    def test_a_later_name_is_not_undone_by_late_news(
        self, past: Past, step: ChannelList, tell: Callable[..., None], late: ChannelCreated | ChannelRenamed
    ) -> None:
        self.names(past, C0NEW="quiet")
        tell(ChannelRenamed("C0NEW", "quiet"), 1)
        tell(late)
        assert step.run().done == 0
        assert listed(past) == []

    @pytest.mark.usefixtures("listed_before")
    def test_other_names_and_private_channels_are_let_be(
        self, past: Past, step: ChannelList, tell: Callable[..., None]
    ) -> None:
        tell(ChannelCreated("C0NEW", "globex"))
        with past.line.database.write() as session:
            key = {"integration_id": past.line.slack_integration_id, "kind": "channel", "ref": "C0PRIVATE"}
            session.add(DirectoryEntry(**key, name="was", facts={"is_private": True}, fetched_at=past.clock()))
        tell(ChannelRenamed("C0PRIVATE", "ext-secret"))
        assert step.run().done == 0
        assert listed(past) == []

    def test_while_a_page_is_being_read_the_wish_is_kept(
        self, past: Past, step: ChannelList, tell: Callable[..., None]
    ) -> None:
        configure(past, slack_autolink=["ext-*"])
        read(past, step)
        past.slack.outside = {"C0NEW"}

        def created(method: str) -> None:
            if method == "conversations.list":
                self.names(past, C0NEW="ext-globex")
                tell(ChannelCreated("C0NEW", "ext-globex"))
                past.slack.before_answer = lambda _: None

        with past.line.database.write() as session:
            list_again(session, past.line.slack_integration_id, past.clock())
        past.slack.before_answer = created
        read(past, step)
        assert [each["id"] for each in listed(past)] == ["C0NEW"]
        assert past.slack.calls("conversations.join") == 1
