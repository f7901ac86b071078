"""The channels that a connection knows of: listed for picking, listed anew, and joined."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from core.errors import Conflict, FieldError, InvalidFields, NotFound
from db import DirectoryEntry, Duty, Integration, SlackChannelConfig
from pipeline.channel_list import ChannelList, list_again, take_in
from pipeline.channels.captured import captured_channels
from pipeline.past.completeness import completeness
from web.actions import Actor, audit, owned, speakable
from web.services import services


@dataclass(frozen=True, slots=True)
class ListedChannel:
    """A channel with what is known of it here. ``complete_until``: nothing that was said before is missing."""

    entry: DirectoryEntry
    is_captured: bool
    config: SlackChannelConfig | None
    complete_until: datetime | None
    problem: str | None

    @property
    def is_member(self) -> bool:
        """Whether the app is in it."""
        return bool(self.entry.facts.get("is_member"))


def known_channels(
    session: Session, integration: Integration, *, search: str = "", limit: int, cursor: str | None = None
) -> tuple[Sequence[ListedChannel], str | None]:
    """A page of the channels by name, and the cursor of the next. Raises `InvalidFields` naming ``cursor``."""
    name = func.coalesce(DirectoryEntry.name, "")
    query = select(DirectoryEntry).where(
        DirectoryEntry.integration_id == integration.id, DirectoryEntry.kind == "channel"
    )
    if search:
        query = query.where(func.lower(name).contains(search.lower().removeprefix("#"), autoescape=True))
    if cursor is not None:
        last, ref = _decode(cursor)
        query = query.where(or_(name > last, and_(name == last, DirectoryEntry.ref > ref)))
    found = session.scalars(query.order_by(name, DirectoryEntry.ref).limit(limit + 1)).all()
    page = found[:limit]
    return _with_state(session, integration, page), _encode(page[-1]) if len(found) > limit else None


def list_state(session: Session, integration_id: str, kind: str) -> tuple[datetime | None, str | None]:
    """When the list was last read to its end, and why it does not get on, if it does not."""
    duty = session.get(Duty, (integration_id, kind, ""))
    return (duty.done_at, duty.reason) if duty else (None, None)


def refresh_channels(who: Actor, integration_id: str) -> None:
    """The list is read anew, in the background."""
    with services().database.write() as session:
        integration = owned(session, who, Integration, integration_id, "integration")
        list_again(session, integration.id, services().clock())
    services().wake(ChannelList.name)


def join_channel(who: Actor, integration_id: str, channel_id: str) -> None:
    """Lets the app join a public channel. Raises `NotFound`, `Conflict` for a private one, and what the platform says
    as `StepFailed`.
    """
    with services().database.read() as session:
        integration = owned(session, who, Integration, integration_id, "integration")
        entry = session.get(DirectoryEntry, (integration.id, "channel", speakable(channel_id, "channel")))
    book, access = services().books.get(integration.platform), services().access
    if entry is None or book is None or access is None:
        raise NotFound("channel")
    if entry.facts.get("is_private"):
        raise Conflict("channel_private", "Somebody in the channel must invite the app: /invite @Signalbox.")
    joined = book.join(access.access(integration.id), channel_id)
    with services().database.write() as session:
        row = owned(session, who, Integration, integration_id, "integration", lock=True)
        take_in(session, row, [joined], services().clock())
        audit(session, who, "channel.joined", row.id, {"channel_id": channel_id, "name": joined.name})


def _with_state(session: Session, integration: Integration, entries: Sequence[DirectoryEntry]) -> list[ListedChannel]:
    captured, complete = captured_channels(session, integration), completeness(session, integration.id)
    configured = {channel["id"]: channel for channel in integration.config.get("slack_channels", ())}
    return [
        ListedChannel(
            entry=entry,
            is_captured=entry.ref in captured,
            config=configured.get(entry.ref),
            complete_until=complete[entry.ref].until if entry.ref in complete else None,
            problem=complete[entry.ref].reason if entry.ref in complete else None,
        )
        for entry in entries
    ]


def _encode(entry: DirectoryEntry) -> str:
    return base64.urlsafe_b64encode(f"{entry.ref} {entry.name or ''}".encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        text = ""
    ref, separator, name = text.partition(" ")
    if not separator or not ref or "\x00" in text:
        raise InvalidFields([FieldError("cursor", "Send the next_cursor of a page as it came, or none.")])
    return name, ref
