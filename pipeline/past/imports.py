"""Making the rows of imports, whoever orders one: a person, or a rule that picks channels."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import DirectoryEntry, Import, Integration
from pipeline.past.paces import learned_before

UNFINISHED = ("pending", "running")


def is_imported_now(session: Session, integration: Integration, channel_id: str | None) -> bool:
    """Whether the same is being imported already."""
    same = (Import.integration_id == integration.id, Import.channel_id == channel_id, Import.state.in_(UNFINISHED))
    return session.scalar(select(Import.id).where(*same).limit(1)) is not None


def add_import(
    session: Session,
    integration: Integration,
    channels: Sequence[str],
    *,
    since: datetime,
    now: datetime,
    channel_id: str | None = None,
    created_by: str | None = None,
) -> Import:
    """An import of these channels, due at once. ``channel_id`` says that it is the only one that was asked for."""
    row = Import(
        workspace_id=integration.workspace_id, integration_id=integration.id, created_by=created_by,
        channel_id=channel_id, channel_name=_name(session, integration, channel_id), since=since, until=now,
        cursor={"channel": channels[0], "left": list(channels[1:]), "channels": len(channels)}
        | learned_before(session, integration),
        due_at=now, created_at=now, updated_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def import_added(session: Session, integration: Integration, channel_id: str, now: datetime) -> Import | None:
    """The import that a channel gets when it is added, if the connection is configured so (``slack_import_days``)."""
    days = integration.config.get("slack_import_days", 0)
    if not days or not integration.is_connected or is_imported_now(session, integration, channel_id):
        return None
    since = now - timedelta(days=days)
    return add_import(session, integration, [channel_id], since=since, now=now, channel_id=channel_id)


def import_newly_listed(session: Session, integration: Integration, before: Collection[str], now: datetime) -> None:
    """The imports of the channels that are listed and were not among ``before``."""
    for channel in integration.config.get("slack_channels", ()):
        if channel["id"] not in before:
            import_added(session, integration, channel["id"], now)


def listed_ids(integration: Integration) -> frozenset[str]:
    """The ids of the listed channels."""
    return frozenset(channel["id"] for channel in integration.config.get("slack_channels", ()))


def _name(session: Session, integration: Integration, channel_id: str | None) -> str | None:
    if channel_id is None:
        return None
    entry = session.get(DirectoryEntry, (integration.id, "channel", channel_id))
    return entry.name if entry else None
