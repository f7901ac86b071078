"""``saved-views``: searches that somebody gave a name; everybody in the workspace sees them."""

from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

from flask import Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from core.signal import Severity
from core.taming import JsonObject
from db import SavedView as SavedViewRow
from db import SignalStatus
from web.actions import actor
from web.actions.saved_views import LONGEST_NAME, delete_view, save_view
from web.api.blueprint import api
from web.api.fields import Body, ListQuery, Name, Words, optional
from web.api.rows import own_page, plain
from web.api.signal_filters import Sort
from web.auth import caller, needs

QUERY = {"q": "export", "severity": "high", "since": "2026-11-01"}
EXAMPLE: JsonObject = {
    "id": "viw_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "name": "Urgent exports", "query": {**QUERY},
    "created_by": "usr_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "created_at": "2026-11-20T10:00:00Z",
}  # fmt: skip


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("This must be a day, such as 2026-11-20") from None


Day: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    AfterValidator(_day),
    WithJsonSchema({"type": "string", "format": "date"}),
]


class ViewQuery(Body):
    """What the view looks for: the filters of signals, of which `since` and `until` are whole days in UTC."""

    q: Words = optional()
    source: Words = optional()
    status: SignalStatus = optional()
    severity: Severity = optional()
    account: Words = optional()
    channel: Words = optional()
    author: Words = optional()
    since: Day = optional()
    until: Day = optional()
    include_trivial: Literal["true"] = optional()
    sort: Sort = optional()


class NewSavedView(Body):
    """A view to keep; there are 50 at most."""

    name: Annotated[Name, Field(max_length=LONGEST_NAME)]
    query: Annotated[ViewQuery, Field(json_schema_extra={"minProperties": 1})]


class SavedView(BaseModel):
    """A kept search."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    name: str
    query: dict[str, str]
    created_by: str | None
    created_at: datetime

    @classmethod
    def of(cls, row: SavedViewRow) -> "SavedView":
        """The row as the API shows it."""
        return cls.model_validate(plain(cls, row))


class SavedViewPage(BaseModel):
    """Views, the newest first."""

    items: list[SavedView]
    next_cursor: str | None


@api.get("/saved-views")
@api.input(ListQuery, location="query")
@api.output(SavedViewPage)
def list_saved_views(query_data: ListQuery) -> SavedViewPage:
    """List the workspace's saved views."""
    rows, next_cursor = own_page(SavedViewRow, query_data)
    return SavedViewPage(items=[SavedView.of(row) for row in rows], next_cursor=next_cursor)


@api.post("/saved-views")
@needs("write")
@api.input(NewSavedView, example={"name": "Urgent exports", "query": QUERY})
@api.output(SavedView, status_code=201)
def create_saved_view(json_data: NewSavedView) -> SavedView:
    """Keep a search under a name."""
    query = json_data.query.model_dump(exclude_unset=True)
    return SavedView.of(save_view(actor(caller()), json_data.name, query))


@api.delete("/saved-views/<view_id>")
@needs("write")
@api.doc(responses={204: "Forgotten."})
def delete_saved_view(view_id: str) -> Response:
    """Forget a saved view, for everybody; the signals stay."""
    delete_view(actor(caller()), view_id)
    return Response(status=204)
