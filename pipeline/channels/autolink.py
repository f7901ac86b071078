"""Picks channels by the names that they are given: patterns such as ``ext-*`` add new channels and never narrow."""

from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase

from sqlalchemy.orm import Session

from core.channels import Channel
from core.logs import get_logger
from db import AuditEntry, DirectoryEntry, Integration, SlackChannelConfig
from pipeline.past.imports import import_added

MOST_CHANNELS = 1000

log = get_logger()


def pattern_for(integration: Integration, name: str | None) -> str | None:
    """The first pattern that the name matches. ``*`` stands for anything, ``?`` for one character."""
    patterns = integration.config.get("slack_autolink", ())
    return next((each for each in patterns if name and fnmatchcase(name.lower(), each.lower())), None)


def is_news(integration: Integration, channel: Channel, before: DirectoryEntry | None) -> bool:
    """Whether a pattern has a say: the channel is new, has a new name, or was entered. So what an admin took out
    stays out.
    """
    if pattern_for(integration, channel.name) is None or channel.is_archived:
        return False
    if before is None or pattern_for(integration, before.name) is None:
        return True
    return channel.is_member and not before.facts.get("is_member")


def is_to_be_joined(session: Session, integration: Integration, channel_id: str, name: str) -> bool:
    """Whether a pattern wants a public channel by its new name, and the app is not in it yet, as far as is known."""
    entry = session.get(DirectoryEntry, (integration.id, "channel", channel_id))
    facts = entry.facts if entry else {}
    if facts.get("is_member") or facts.get("is_private"):
        return False
    return is_news(integration, Channel(channel_id, name, is_archived=bool(facts.get("is_archived"))), entry)


def link_renamed(session: Session, integration: Integration, channel_id: str, name: str, now: datetime) -> None:
    """A channel that the app is in was given another name: its new one may match. Before the directory knows."""
    entry = session.get(DirectoryEntry, (integration.id, "channel", channel_id))
    if entry is None or not entry.facts.get("is_member"):
        return  # it has to be joined first
    channel = Channel(channel_id, name, is_member=True, is_archived=bool(entry.facts.get("is_archived")))
    if is_news(integration, channel, entry):
        link(session, integration, [channel], now)


def link(session: Session, integration: Integration, channels: Iterable[Channel], now: datetime) -> None:
    """Adds them to the configuration, marked as added by a pattern, and says so in the audit log."""
    present: list[SlackChannelConfig] = list(integration.config.get("slack_channels", ()))
    for channel in channels:
        if any(each["id"] == channel.id for each in present) or len(present) >= MOST_CHANNELS:
            continue
        added: SlackChannelConfig = {"id": channel.id, "auto": True}
        present.append({**added, "name": channel.name} if channel.name else added)
        integration.config = {**integration.config, "slack_channels": present}
        details = {"channel_id": channel.id, "name": channel.name, "pattern": pattern_for(integration, channel.name)}
        session.add(
            AuditEntry(workspace_id=integration.workspace_id, action="channel.autolinked", target_id=integration.id,
                       details=details, created_at=now)
        )  # fmt: skip
        import_added(session, integration, channel.id, now)
        log.info("channel_autolinked", integration_id=integration.id)
