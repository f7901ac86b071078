"""Which channels a connection captures."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import DirectoryEntry, Integration


def captured_channels(session: Session, integration: Integration) -> set[str]:
    """The ids of the channels that are listened to: those that were picked or, without any, every shared one that the
    app is in, as far as the directory knows.
    """
    picked = {channel["id"] for channel in integration.config.get("slack_channels", ())}
    if picked:
        return picked
    known = select(DirectoryEntry).where(
        DirectoryEntry.integration_id == integration.id, DirectoryEntry.kind == "channel"
    )
    return {entry.ref for entry in session.scalars(known) if _is_heard(entry)}


def _is_heard(entry: DirectoryEntry) -> bool:
    facts = entry.facts
    return bool(facts.get("is_ext_shared") and facts.get("is_member") and not facts.get("is_archived"))
