"""Carries out what Slack tells of an installation that goes on: names, ids, teams, migrations, limits."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.adapter import AccountKey
from core.changes import (
    Change,
    ChannelCreated,
    ChannelMembership,
    ChannelMoved,
    ChannelRenamed,
    Migration,
    RateLimited,
    TeamAccess,
    TeamRenamed,
)
from core.clock import Clock
from db import Database, DirectoryEntry, Event, Integration, Signal, SlackApp
from pipeline.channel_list import join_soon, list_again
from pipeline.channels.autolink import is_to_be_joined, link_renamed
from pipeline.installations.addressed import GRID_MIGRATION, addressed
from pipeline.installations.carried import carry_on
from pipeline.installations.learned import Learning
from pipeline.installations.moves import move_channel
from pipeline.replay import replay

TEAM_ACCESS_REVOKED = "team_access_revoked"
"""Why words of a team that its organisation took from the app are not kept: what the Slack adapter says of them."""


def apply_change(
    database: Database,
    clock: Clock,
    change: Change,
    *,
    slack_app_id: str,
    accounts: Iterable[AccountKey],
    happened_at: datetime,
) -> None:
    """Applies it to the connected installations it is addressed to; each call is idempotent."""
    with database.write() as session:
        if isinstance(change, RateLimited):
            _note_limit(session, slack_app_id, change)
        rows = _rows(session, slack_app_id, accounts, change)
        moved = [(row.workspace_id, to) for row in rows if (to := _apply(session, row, change, happened_at, clock()))]
    if isinstance(change, ChannelMoved):
        for workspace_id, present_id in moved:
            move_channel(database, clock, workspace_id, change.old_id, present_id)


def _rows(session: Session, slack_app_id: str, accounts: Iterable[AccountKey], change: Change) -> list[Integration]:
    """The installations an event is addressed to. Slack names one of those that share a channel, yet its id is the
    same for all: whoever has words from it follows too.
    """
    accounts = tuple(accounts)
    found = {row.id: row for account in accounts for row in addressed(session, slack_app_id, account)}
    of_app = select(Integration).where(Integration.slack_app_id == slack_app_id, Integration.state != "disconnected")
    if isinstance(change, ChannelMoved):
        for row in session.scalars(of_app.with_for_update()):
            if row.id not in found and _knows(session, row, change.old_id):
                found[row.id] = row
    if isinstance(change, RateLimited) and not found:
        of_organisations = of_app.where(Integration.slack_team_id.is_(None))
        found = {row.id: row for row in session.scalars(of_organisations.with_for_update()) if _works_in(row, accounts)}
    return [found[row_id] for row_id in sorted(found)]


def _works_in(row: Integration, accounts: Iterable[AccountKey]) -> bool:
    """Whether its organisation lets it into one of these teams, which a notice of Slack's limits names alone."""
    teams = row.config.get("slack_learned", {}).get("teams", {})
    return any(teams.get(account.team_id or "") for account in accounts)


def _knows(session: Session, row: Integration, channel_id: str) -> bool:
    if any(each["id"] == channel_id for each in row.config.get("slack_channels", ())):
        return True
    mine = (Signal.workspace_id == row.workspace_id, Signal.source == "slack", Signal.source_scope == "")
    said = select(Signal.id).where(*mine, Signal.source_ref >= f"{channel_id}:", Signal.source_ref < f"{channel_id};")
    return session.scalar(said.limit(1)) is not None


def _apply(session: Session, row: Integration, change: Change, happened_at: datetime, now: datetime) -> str | None:
    """The id under which a channel carries on, which leaves something to do outside of this row."""
    learning = Learning(row.config, happened_at)
    follows = APPLIED[type(change)](session, row, learning, change)
    row.config = learning.finish()
    row.updated_at = now
    return follows


def _rename_team(_: Session, row: Integration, learning: Learning, change: TeamRenamed) -> None:
    if learning.is_news("team_name"):
        row.slack_team_name = change.name


def _create_channel(session: Session, row: Integration, learning: Learning, change: ChannelCreated) -> None:
    if learning.is_overtaken(f"name {change.channel_id}"):
        return
    if is_to_be_joined(session, row, change.channel_id, change.name):
        join_soon(session, row.id, change.channel_id, learning.at)


def _rename_channel(session: Session, row: Integration, learning: Learning, change: ChannelRenamed) -> None:
    if learning.is_overtaken(f"name {change.channel_id}"):
        return
    link_renamed(session, row, change.channel_id, change.name, learning.at)
    if "slack_channels" in row.config:
        learning.config = {**learning.config, "slack_channels": row.config["slack_channels"]}
    learning.rename_channel(change)
    if is_to_be_joined(session, row, change.channel_id, change.name):
        join_soon(session, row.id, change.channel_id, learning.at)
        return  # its old name stays in the directory until then: by it the list, too, finds that the name is new
    entry = DirectoryEntry
    known = (entry.integration_id == row.id, entry.kind == "channel", entry.ref == change.channel_id)
    session.execute(update(entry).where(*known, entry.fetched_at <= learning.at).values(name=change.name))


def _move_channel(session: Session, row: Integration, learning: Learning, change: ChannelMoved) -> str | None:
    present = learning.move_channel(change)
    if present is not None:
        carry_on(session, row.id, change.old_id, present, learning.at)
        list_again(session, row.id, learning.at)
    return present


def _join_or_leave(session: Session, row: Integration, learning: Learning, change: ChannelMembership) -> None:
    learning.join_or_leave(change)
    list_again(session, row.id, learning.at)


def _grant_teams(session: Session, row: Integration, learning: Learning, change: TeamAccess) -> None:
    learning.grant_teams(change)
    if change.is_granted:
        _take_again(session, row, learning.at)


def _take_again(session: Session, row: Integration, given_at: datetime) -> None:
    """What was refused although it came after a team was given: the news of that was slower than the words."""
    refused = (Event.state == "ignored", Event.reason == TEAM_ACCESS_REVOKED, Event.payload != b"")
    since = (Event.slack_app_id == row.slack_app_id, Event.received_at >= given_at.replace(microsecond=0))
    event_ids = session.scalars(select(Event.id).where(*since, *refused)).all()
    if event_ids:
        replay(session, event_ids, given_at)


def _migrate(_: Session, row: Integration, learning: Learning, change: Migration) -> None:
    if not learning.migrate(change):
        return
    row.slack_enterprise_id = change.enterprise_id or row.slack_enterprise_id
    if change.is_finished:
        row.state_reason = None if row.state_reason == GRID_MIGRATION else row.state_reason
    elif row.state == "active":
        row.state_reason = GRID_MIGRATION


def _hold_back(_: Session, __: Integration, learning: Learning, change: RateLimited) -> None:
    learning.hold_back(change)


def _note_limit(session: Session, slack_app_id: str, change: RateLimited) -> None:
    app = session.scalars(select(SlackApp).where(SlackApp.id == slack_app_id).with_for_update()).first()
    if app is not None:
        app.rate_limited_at = max(change.minute, app.rate_limited_at or change.minute)


APPLIED: Mapping[type[Change], Callable[..., str | None]] = {
    TeamRenamed: _rename_team,
    ChannelCreated: _create_channel,
    ChannelRenamed: _rename_channel,
    ChannelMoved: _move_channel,
    ChannelMembership: _join_or_leave,
    TeamAccess: _grant_teams,
    Migration: _migrate,
    RateLimited: _hold_back,
}
