"""``imports``: what was said before, read at the pace that the platform allows."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from core.history import Allowance
from core.taming import JsonObject
from db import Import as ImportRow
from db import ImportState, Integration
from pipeline.past.paces import paces
from pipeline.past.progress import standing
from web.actions import actor
from web.actions.imports import cancel_import as cancel
from web.actions.imports import order_import as order
from web.api.blueprint import api
from web.api.fields import Body, ListQuery, Moment, optional
from web.api.integration_config import ChannelId
from web.api.rows import owned
from web.auth import caller
from web.paging import cut, newest_first
from web.services import services

EXAMPLE: JsonObject = {
    "id": "imp_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "integration_id": "int_01K5ZJ6Q2V5M8X0T3N7R4B9C1D",
    "channel_id": "C0123ABCD", "channel_name": "ext-globex", "since": "2026-10-21T10:00:00Z",
    "until": "2026-11-20T10:00:00Z", "state": "running", "reason": None, "reached_at": "2026-11-09T08:30:00Z",
    "messages_seen": 3500, "messages_new": 3480, "requests_made": 7, "requests_expected": 20, "page_size": 500,
    "pace_seconds": 2.0, "progress": 0.35, "expected_end_at": "2026-11-20T10:00:30Z",
    "paces": [{"page_size": 500, "pace_seconds": 2.0, "seconds_per_thousand": 4}],
    "created_at": "2026-11-20T10:00:00Z", "finished_at": None,
}  # fmt: skip


class Pace(BaseModel):
    """One request gives so many messages, or one thread's, and the next may follow so many seconds later."""

    page_size: int
    pace_seconds: float
    seconds_per_thousand: int = Field(description="How long a thousand messages take; threads come on top.")


class Import(BaseModel):
    """An import and how it stands. Expectations are rough: nobody knows how many messages there are.

    How long it takes is known after the first answer. Until then `paces` holds what the platform may allow: one entry
    if an earlier import of the connection told, else all that are possible. `reached_at` is the moment down to which
    all is read (newest first); `page_size` and `pace_seconds` are what the platform allows, as its answers told;
    `reason` is why the last attempt did not get on.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    integration_id: str
    channel_id: str | None
    channel_name: str | None
    since: datetime
    until: datetime
    state: ImportState
    reason: str | None
    reached_at: datetime | None
    messages_seen: int = Field(description="What was read so far: messages of Slack, issues of Pylon.")
    messages_new: int = Field(description="How many of them were new.")
    requests_made: int
    requests_expected: int | None
    page_size: int | None
    pace_seconds: float | None
    progress: float = Field(ge=0, le=1)
    expected_end_at: datetime | None
    paces: list[Pace]
    created_at: datetime
    finished_at: datetime | None


class NewImport(Body):
    """What to import. Without a channel: every channel that is captured."""

    integration_id: str = Field(max_length=100)
    channel_id: ChannelId = optional()
    since: Moment = Field(description="A moment in the past.")


class ImportPage(BaseModel):
    """Imports, the newest first."""

    items: list[Import]
    next_cursor: str | None


@api.get("/imports")
@api.input(ListQuery, location="query")
@api.output(ImportPage)
def list_imports(query_data: ListQuery) -> ImportPage:
    """List the workspace's imports."""
    limit, cursor = query_data.limit, query_data.cursor
    asked = select(ImportRow).where(ImportRow.workspace_id == caller().workspace_id)
    asked = newest_first(asked, ImportRow.created_at, ImportRow.id, limit=limit, cursor=cursor)
    with services().database.read() as session:
        rows = session.scalars(asked).all()
    page, next_cursor = cut(rows, limit, lambda row: (row.created_at, row.id))
    return ImportPage(items=[*_shown(page)], next_cursor=next_cursor)


@api.post("/imports")
@api.input(NewImport, example={"integration_id": EXAMPLE["integration_id"], "since": "2026-10-21T10:00:00Z"})
@api.output(Import, status_code=201)
@api.doc(
    responses={
        404: "There is no such integration in this workspace.",
        409: "The connection is gone, or the same is being imported already.",
    }
)
def order_import(json_data: NewImport) -> Import:
    """Import what was said before. It takes as long as the platform's limits make it take."""
    return _one(order(actor(caller()), json_data.integration_id, json_data.channel_id, json_data.since))


@api.get("/imports/<import_id>")
@api.output(Import)
def show_import(import_id: str) -> Import:
    """Show an import and how it stands."""
    with services().database.read() as session:
        row = owned(session, ImportRow, import_id, "import")
    return _one(row)


@api.post("/imports/<import_id>/cancel")
@api.output(Import)
@api.doc(responses={409: "It has ended already."})
def cancel_import(import_id: str) -> Import:
    """Cancel an import at once. What was read stays."""
    return _one(cancel(actor(caller()), import_id))


def _one(row: ImportRow) -> Import:
    (shown,) = _shown([row])
    return shown


def _shown(rows: Sequence[ImportRow]) -> Iterator[Import]:
    query = select(Integration.id, Integration.platform).where(Integration.id.in_({row.integration_id for row in rows}))
    with services().database.read() as session:
        platforms = {found.id: found.platform for found in session.execute(query)}
    for row in rows:
        historian = services().historians.get(platforms.get(row.integration_id, ""))
        yield Import(**_plain(row, historian.allowances if historian else ()))


def _plain(row: ImportRow, possible: Sequence[Allowance]) -> dict[str, Any]:
    state = standing(row, services().clock())
    told: dict[str, Any] = {"progress": round(state.share, 3), "expected_end_at": state.ends_at}
    told["paces"] = [_pace(each) for each in paces(row, possible)]
    return {name: getattr(row, name) for name in Import.model_fields if name not in told} | told


def _pace(allowance: Allowance) -> Pace:
    seconds = round(allowance.thousand_take.total_seconds())
    return Pace(page_size=allowance.page_size, pace_seconds=allowance.pace_seconds, seconds_per_thousand=seconds)
