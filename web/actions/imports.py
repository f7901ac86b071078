"""Ordering and cancelling imports of what was said before a connection was there."""

from datetime import datetime

from sqlalchemy.orm import Session

from core.errors import Conflict, FieldError, InvalidFields
from core.ids import may_be_id
from db import Import, Integration
from pipeline.backfill import Backfill
from pipeline.channels.captured import captured_channels
from pipeline.past.imports import UNFINISHED, add_import, is_imported_now
from web.actions import Actor, audit, owned
from web.services import services

_WHAT = "import"


def order_import(who: Actor, integration_id: str, channel_id: str | None, since: datetime) -> Import:
    """A new import, due at once: of one channel or, without one, of every channel that is captured; of everything on a
    platform without channels.

    Raises `InvalidFields`, and `Conflict` when the connection cannot read or already reads the same.
    """
    now = services().clock()
    if since >= now:
        raise InvalidFields([FieldError("since", "This must be in the past.")])
    if channel_id and not may_be_id(channel_id):
        raise InvalidFields([FieldError("channel_id", "This is no channel's id.")])
    with services().database.write() as session:
        integration = owned(session, who, Integration, integration_id, "integration", lock=True)
        _refuse_impossible(session, integration, channel_id)
        channels = [channel_id] if channel_id else sorted(captured_channels(session, integration))
        if not channels:
            raise InvalidFields([_nothing_to_read(integration)])
        row = add_import(
            session, integration, channels, since=since, now=now, channel_id=channel_id, created_by=who.user_id
        )
        audit(session, who, "import.ordered", row.id, {"channel_id": channel_id, "since": since.isoformat()})
    services().wake(Backfill.name)
    return row


def cancel_import(who: Actor, import_id: str) -> Import:
    """Stops it at once; what was read stays. Raises `Conflict` when it has ended in another way."""
    with services().database.write() as session:
        row = owned(session, who, Import, import_id, _WHAT, lock=True)
        if row.state == "cancelled":
            return row
        if row.state not in UNFINISHED:
            raise Conflict("import_ended", f"This import is {row.state} already.")
        row.state, row.finished_at = "cancelled", services().clock()
        row.due_at = row.lease_token = row.reason = None
        audit(session, who, "import.cancelled", row.id)
    return row


def _refuse_impossible(session: Session, integration: Integration, channel_id: str | None) -> None:
    if integration.platform not in services().historians:
        raise InvalidFields([FieldError("integration_id", "This platform's past cannot be read.")])
    if not integration.is_connected:
        raise Conflict("integration_disconnected", "This integration is disconnected; connect it again.")
    if channel_id and integration.platform != "slack":
        raise InvalidFields([FieldError("channel_id", "This platform has no channels: leave it out.")])
    if is_imported_now(session, integration, channel_id):
        raise Conflict("import_running", "This is being imported already; wait for it, or cancel it.")


def _nothing_to_read(integration: Integration) -> FieldError:
    if integration.platform == "slack":
        return FieldError("channel_id", "No channel is captured yet; name the one to import.")
    return FieldError("integration_id", "Without an API token nothing can be read; add one to the connection.")
