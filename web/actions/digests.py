"""Where the daily digest goes: an internal channel that an admin picks, never one that others read."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import FieldError, InvalidFields, NotFound
from db import DirectoryEntry, Integration, SlackDigestConfig
from pipeline.digest import resume
from web.actions import Actor, audit, owned
from web.services import services

MOST_CHANNELS = 200


def plan_digest(who: Actor, integration_id: str, plan: SlackDigestConfig | None) -> None:
    """Where the digest goes from now on; None ends it. Before each one Slack is asked again whether others read along.
    Raises `InvalidFields` for a channel that is known to be shared.
    """
    with services().database.write() as session:
        row = owned(session, who, Integration, integration_id, "integration", lock=True)
        if row.platform != "slack":
            raise NotFound("Slack connection")
        config = {name: value for name, value in row.config.items() if name != "slack_digest"}
        if plan is not None:
            refuse_shared(session, row, plan["channel_id"], field="channel_id")
            config["slack_digest"] = plan
        row.config = config  # type: ignore[assignment]  # a TypedDict, one of whose fields was replaced
        row.updated_at = services().clock()
        resume(session, row.id)
        audit(session, who, "integration.changed", row.id, {"fields": ["config"]})


def refuse_shared(session: Session, row: Integration, channel_id: str, *, field: str) -> None:
    """Raises `InvalidFields` when the channel is known to be read by others."""
    entry = session.get(DirectoryEntry, (row.id, "channel", channel_id))
    if entry is not None and entry.facts.get("is_ext_shared"):
        message = "The digest goes only to a channel that nobody outside your company reads."
        raise InvalidFields([FieldError(field, message)])


def internal_channels(session: Session, row: Integration) -> Sequence[DirectoryEntry]:
    """The channels that the app is in and that nobody else reads, as far as is known, by name."""
    facts = DirectoryEntry.facts
    query = select(DirectoryEntry).where(
        DirectoryEntry.integration_id == row.id,
        DirectoryEntry.kind == "channel",
        facts["is_member"].as_boolean().is_(True),
        facts["is_ext_shared"].as_boolean().is_not(True),
        facts["is_archived"].as_boolean().is_not(True),
    )
    return session.scalars(query.order_by(DirectoryEntry.name, DirectoryEntry.ref).limit(MOST_CHANNELS)).all()
