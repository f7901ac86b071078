"""``workspace``: what the token's workspace decided for itself; ``workspaces``: another one."""

from datetime import datetime
from typing import Annotated, cast

from pydantic import BaseModel, ConfigDict, Field

from core.taming import JsonObject
from db import Workspace as WorkspaceRow
from web.actions import actor
from web.actions.settings import LONGEST_RETENTION_DAYS, WorkspaceChanges, change_workspace
from web.actions.workspaces import make_workspace
from web.api.blueprint import api
from web.api.etags import has_etag, require_match, tagged
from web.api.fields import WHOLE, Body, Name, optional
from web.api.rows import plain
from web.auth import caller
from web.services import services

EXAMPLE: JsonObject = {
    "id": "ws_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "name": "Acme", "slug": "acme", "retention_days": 365,
    "created_at": "2026-11-20T10:00:00Z",
}  # fmt: skip


class Workspace(BaseModel):
    """A workspace. Without `retention_days` everything is kept."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    name: str
    slug: str
    retention_days: int | None
    created_at: datetime

    @classmethod
    def of(cls, row: WorkspaceRow) -> "Workspace":
        """The row as the API shows it."""
        return cls.model_validate(plain(cls, row))


class WorkspaceUpdate(Body):
    """Only what is sent is changed. Signals that are older than `retention_days` are deleted for good, within the hour;
    null keeps everything.
    """

    name: Name = optional()
    retention_days: Annotated[int, Field(ge=1, le=LONGEST_RETENTION_DAYS, strict=True), WHOLE] | None = optional()


class NewWorkspace(Body):
    """A workspace to make; the slug is made of its name."""

    name: Name


class MadeWorkspace(Workspace):
    """A new workspace with an admin token of it, which is shown only this once and ends when the asking one does."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE | {"api_token": "sbx_…"}]})

    api_token: str


@api.get("/workspace")
@has_etag
@api.output(Workspace)
def show_workspace() -> Workspace:
    """Show the token's workspace and its settings."""
    with services().database.read() as session:
        return tagged(Workspace.of(session.get_one(WorkspaceRow, caller().workspace_id)))


@api.patch("/workspace")
@has_etag
@api.input(WorkspaceUpdate, example={"name": "Acme", "retention_days": 365})
@api.output(Workspace)
def change_this_workspace(json_data: WorkspaceUpdate) -> Workspace:
    """Rename the workspace, or change how long it keeps signals."""
    changes = cast("WorkspaceChanges", json_data.model_dump(exclude_unset=True))
    row = change_workspace(actor(caller()), changes, check=lambda row: require_match(Workspace.of(row)))
    return tagged(Workspace.of(row))


@api.post("/workspaces")
@api.input(NewWorkspace, example={"name": "Acme Europe"})
@api.output(MadeWorkspace, status_code=201)
def create_workspace(json_data: NewWorkspace) -> MadeWorkspace:
    """Create another workspace, which whoever made the token owns. Only owners can."""
    made = make_workspace(actor(caller()), json_data.name)
    return MadeWorkspace(**Workspace.of(made.row).model_dump(), api_token=made.api_token)
