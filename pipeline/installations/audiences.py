"""Which installations of a Slack app may see a channel's events, as Slack last said: kept for a while, per channel.

An answer is kept only if nothing changed the channel's audience since the question: a question that takes long must
not bring back who left meanwhile.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import select, tuple_, update
from sqlalchemy.orm import Session

from core.adapter import AccountKey, Envelope, Reshaping
from db import ChannelAudience, Event, Integration
from db.dialects import insert_into

FRESH = timedelta(minutes=15)
"""How long an answer counts, should the event that ends it be lost: one question per channel and quarter of an hour."""
REFUSED = timedelta(minutes=10)
"""How long Slack is not asked again after it refused the app-level token."""

Place: TypeAlias = tuple[str, str]
"""A Slack app's row and a channel's id."""


@dataclass(frozen=True, slots=True)
class Audience:
    """What is known of a channel. ``accounts`` is None when Slack has to be asked; ``seen`` tells later whether
    anything changed meanwhile.
    """

    accounts: tuple[AccountKey, ...] | None = None
    seen: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """The question who may see a channel's events, put through one of them."""

    place: Place
    context: str
    seen: datetime | None


def known(session: Session, places: Collection[Place], now: datetime) -> Mapping[Place, Audience]:
    """What is known of these channels; nothing that is too old."""
    if not places:
        return {}
    table = ChannelAudience
    query = select(table.slack_app_id, table.channel_id, table.accounts, table.expires_at, table.updated_at)
    rows = session.execute(query.where(tuple_(table.slack_app_id, table.channel_id).in_(places)))
    return {
        (app_id, channel): Audience(_accounts(accounts) if expires_at > now else None, changed_at)
        for app_id, channel, accounts, expires_at, changed_at in rows
    }


def remember(
    session: Session, place: Place, accounts: Iterable[AccountKey], *, seen: datetime | None, now: datetime
) -> None:
    """Keeps Slack's answer, unless the channel changed since ``seen``. No accounts: Slack refuses to tell."""
    told = [{"enterprise_id": account.enterprise_id, "team_id": account.team_id} for account in accounts]
    values = {"accounts": told, "fetched_at": now, "expires_at": now + (FRESH if told else REFUSED), "updated_at": now}
    if seen is None:
        insert = insert_into(session, ChannelAudience).on_conflict_do_nothing()
        session.execute(insert, [_key(place) | values | {"created_at": now}])
        return
    same = (ChannelAudience.slack_app_id == place[0], ChannelAudience.channel_id == place[1])
    unchanged = update(ChannelAudience).where(*same, ChannelAudience.updated_at == seen)
    session.execute(unchanged.values(**values), execution_options={"synchronize_session": False})


def forget_reshaped(session: Session, arrivals: Iterable[tuple[Event, Envelope]], now: datetime) -> None:
    """Forgets the audience of every channel that these events change."""
    changes = [(e.slack_app_id, v.reshaping) for e, v in arrivals if e.slack_app_id and v.reshaping and not v.malformed]
    if not changes:
        return
    bots = _bots(session, changes)
    places = {
        (app_id, place)
        for app_id, change in changes
        if change.member is None or (app_id, change.member) in bots
        for place in change.places
    }
    _forget(session, places, now)


def forget_app(session: Session, slack_app_id: str, now: datetime) -> None:
    """Forgets every audience of an app, which came to a team or left one."""
    rows = session.scalars(select(ChannelAudience.channel_id).where(ChannelAudience.slack_app_id == slack_app_id))
    _forget(session, {(slack_app_id, channel_id) for channel_id in rows}, now)


def _forget(session: Session, places: Collection[Place], now: datetime) -> None:
    """Leaves an empty row that is over, so that an answer to an earlier question finds the change."""
    if not places:
        return
    insert = insert_into(session, ChannelAudience)
    blank = {"accounts": [], "fetched_at": now, "expires_at": now, "created_at": now, "updated_at": now}
    over = {name: insert.excluded[name] for name in ("accounts", "expires_at", "updated_at")}
    upsert = insert.on_conflict_do_update(index_elements=["slack_app_id", "channel_id"], set_=over)
    session.execute(upsert, [_key(place) | blank for place in sorted(places)])


def _bots(session: Session, changes: Iterable[tuple[str, Reshaping]]) -> set[tuple[str, str | None]]:
    """The bots of ours among those who came and went, with their apps."""
    members = {change.member for _, change in changes if change.member}
    if not members:
        return set()
    query = select(Integration.slack_app_id, Integration.slack_bot_user_id)
    found = session.execute(query.where(Integration.slack_bot_user_id.in_(members)))
    return {(app_id, member) for app_id, member in found if app_id}


def _accounts(stored: Iterable[Mapping[str, str | None]]) -> tuple[AccountKey, ...]:
    return tuple(AccountKey(each.get("enterprise_id"), each.get("team_id")) for each in stored)


def _key(place: Place) -> dict[str, str]:
    return {"slack_app_id": place[0], "channel_id": place[1]}
