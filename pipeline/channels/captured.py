"""Which channels a connection captures."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import DirectoryEntry, Integration
from db.sealed import holds


def captured_channels(session: Session, integration: Integration) -> set[str]:
    """The ids of the channels that are listened to: those that an admin picked or, without any, every shared one that
    the app is in, as far as the directory knows; and those that a pattern added. A connection of a platform without
    channels is one, named "", if it has a token to read with.
    """
    if integration.platform != "slack":
        return {""} if holds(integration, "access_token") else set()
    listed = integration.config.get("slack_channels", ())
    added = {channel["id"] for channel in listed}
    if any(not channel.get("auto") for channel in listed):
        return added
    of_it = (DirectoryEntry.integration_id == integration.id, DirectoryEntry.kind == "channel")
    return added | {entry.ref for entry in session.scalars(select(DirectoryEntry).where(*of_it)) if _is_heard(entry)}


def _is_heard(entry: DirectoryEntry) -> bool:
    facts = entry.facts
    return bool(facts.get("is_ext_shared") and facts.get("is_member") and not facts.get("is_archived"))
