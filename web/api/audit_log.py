"""``audit-log``: who did what in the workspace."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from core.taming import JsonObject
from db import AuditEntry as AuditEntryRow
from db import User
from web.api.blueprint import api
from web.api.fields import ListQuery
from web.auth import caller, needs
from web.paging import cut, decode_cursor
from web.services import services

EXAMPLE: JsonObject = {
    "id": "aud_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "action": "integration.connected",
    "target_id": "int_01K5ZJ6Q2V5M8X0T3N7R4B9C1D",
    "actor": {"id": "usr_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "email": "dana@example.com", "name": "Dana"},
    "details": {"platform": "pylon"}, "created_at": "2026-11-20T10:00:00Z",
}  # fmt: skip


class AuditActor(BaseModel):
    """The person."""

    id: str
    email: str
    name: str | None


class AuditEntry(BaseModel):
    """One act. Without an actor it was Signalbox itself, or somebody who is gone; details name the token, if any."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    action: str
    target_id: str | None
    actor: AuditActor | None
    details: dict[str, Any]
    created_at: datetime


class AuditPage(BaseModel):
    """Entries, newest first."""

    items: list[AuditEntry]
    next_cursor: str | None


@api.get("/audit-log")
@needs("admin")
@api.input(ListQuery, location="query")
@api.output(AuditPage)
def list_audit_entries(query_data: ListQuery) -> AuditPage:
    """List who did what, newest first."""
    asked = select(AuditEntryRow, User).outerjoin(User, User.id == AuditEntryRow.actor_id)
    asked = asked.where(AuditEntryRow.workspace_id == caller().workspace_id)
    if query_data.cursor is not None:
        asked = asked.where(AuditEntryRow.id < decode_cursor(query_data.cursor)[1])  # ids sort by time
    with services().database.read() as session:
        rows = session.execute(asked.order_by(AuditEntryRow.id.desc()).limit(query_data.limit + 1)).all()
    entries = [_shown(entry, person) for entry, person in rows]
    page, next_cursor = cut(entries, query_data.limit, lambda entry: (entry.created_at, entry.id))
    return AuditPage(items=[*page], next_cursor=next_cursor)


def _shown(entry: AuditEntryRow, person: User | None) -> AuditEntry:
    actor = AuditActor(id=person.id, email=person.email, name=person.name) if person else None
    fields = {name: getattr(entry, name) for name in AuditEntry.model_fields if name != "actor"}
    return AuditEntry(**fields, actor=actor)
