"""``signals/export``: every signal that a list would show, as a file."""

from typing import Any

from flask import Response
from pydantic import Field

from web.api.blueprint import api
from web.api.signal_filters import SignalChoice
from web.api.signals import EXAMPLE
from web.auth import caller
from web.exports import COLUMNS, ExportFormat, download, export_rows
from web.services import services

_CONTENT: dict[str, Any] = {
    "text/csv": {
        "schema": {"description": f"Columns: {', '.join(COLUMNS)}. Lists and objects are JSON."},
        "example": f"{','.join(COLUMNS[:8])},…\r\nsig_01K5…,slack,,C0123ABCD:1763632800.000100,…\r\n",
    },
    "application/x-ndjson": {
        "schema": {"description": "One signal per line, as the list shows it."},
        "example": f'{{"id": "{EXAMPLE["id"]}", "source": "slack", "verbatim": "{EXAMPLE["verbatim"]}", "…": "…"}}\n',
    },
}
_DISPOSITION = {"schema": {"type": "string"}, "example": 'attachment; filename="signals-2026-11-20.csv"'}
_ANSWER: dict[int | str, Any] = {
    200: {
        "description": "The signals, newest first.",
        "content": _CONTENT,
        "headers": {"Content-Disposition": _DISPOSITION},
    }
}


class ExportQuery(SignalChoice):
    """The filters of the list; every filter that is sent must hold."""

    format: ExportFormat = Field(default="csv", description="`csv` for spreadsheets, `ndjson` for programs.")


@api.get("/signals/export")
@api.input(ExportQuery, location="query")
@api.doc(responses=_ANSWER)
def export_signals(query_data: ExportQuery) -> Response:
    """Export signals, newest first, however many there are.

    Signals that were deleted at the source are left out unless `include_deleted` is true. In CSV a cell that a
    spreadsheet would take for a formula begins with an apostrophe.
    """
    rows = export_rows(services().database, caller().workspace_id, query_data, query_data.format)
    return download(rows, query_data.format, services().clock())
