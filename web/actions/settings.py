"""What a workspace decided for itself: its name, and how long it keeps what it hears."""

from collections.abc import Callable
from typing import TypedDict

from sqlalchemy import select

from core.errors import FieldError, InvalidFields
from core.taming import JsonObject
from db import Workspace
from web.actions import Actor, audit
from web.services import services

LONGEST_RETENTION_DAYS = 3650


class WorkspaceChanges(TypedDict, total=False):
    """Only what is there is changed; ``retention_days`` of None keeps everything."""

    name: str
    retention_days: int | None


def change_workspace(
    who: Actor, changes: WorkspaceChanges, *, check: Callable[[Workspace], None] = lambda _: None
) -> Workspace:
    """The workspace, changed. ``check`` may refuse it as it is before, while it is locked. Raises `InvalidFields` for
    a retention that is not 1 to 3650 days.
    """
    days = changes.get("retention_days")
    if days is not None and not 1 <= days <= LONGEST_RETENTION_DAYS:
        sentence = f"Between 1 and {LONGEST_RETENTION_DAYS} days, or empty to keep everything."
        raise InvalidFields([FieldError("retention_days", sentence)])
    with services().database.write() as session:
        row = session.scalars(select(Workspace).where(Workspace.id == who.workspace_id).with_for_update()).one()
        check(row)
        changed: JsonObject = {}
        if "name" in changes and row.name != changes["name"]:
            row.name = changed["name"] = changes["name"]
        if "retention_days" in changes and row.retention_days != days:
            row.retention_days = changed["retention_days"] = days
        if changed:
            audit(session, who, "workspace.changed", row.id, changed)
    return row
