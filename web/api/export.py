"""``signals/export``: every signal that a list would show, page by page in constant memory, as CSV or NDJSON."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, TypeAlias

from flask import Response
from pydantic import Field
from sqlalchemy import select

from db import Database
from db import Signal as SignalRow
from web.api.blueprint import api
from web.api.signal_filters import SignalChoice, conditions
from web.api.signals import Signal
from web.auth import caller
from web.paging import cut, newest_first
from web.services import services

ExportFormat: TypeAlias = Literal["csv", "ndjson"]

PAGE = 1_000
"""Rows of one short read transaction; only one page is ever held."""

COLUMNS = (
    "id", "source", "source_scope", "source_ref", "source_url", "occurred_at", "verbatim", "interpretation", "severity",
    "frequency", "user_segment", "status", "author_name", "author_email", "author_external_id", "author_affiliation",
    "account_name", "account_external_id", "tags", "links", "conversation_id", "source_metadata", "source_version",
    "edited_at", "deleted_at", "created_at", "updated_at",
)  # fmt: skip
"""The order of CSV's columns. New ones are added at the end."""

CONTENT_TYPES: dict[ExportFormat, str] = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_CONTENT: dict[str, Any] = {
    "text/csv": {"schema": {"description": f"Columns: {', '.join(COLUMNS)}. Lists and objects are JSON."}},
    "application/x-ndjson": {"schema": {"description": "One signal per line, as the list shows it."}},
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
    filename = f"signals-{services().clock():%Y-%m-%d}.{query_data.format}"
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return Response(rows, headers=headers, content_type=CONTENT_TYPES[query_data.format])


def export_rows(
    database: Database, workspace_id: str, choice: SignalChoice, export_format: ExportFormat
) -> Iterator[str]:
    """The export in pieces of one page each. Needs no request: it may go on after the view has returned."""
    pages = _pages(database, workspace_id, choice)
    return _as_csv(pages) if export_format == "csv" else _as_ndjson(pages)


def _pages(database: Database, workspace_id: str, choice: SignalChoice) -> Iterator[Sequence[SignalRow]]:
    chosen = select(SignalRow).where(SignalRow.workspace_id == workspace_id, *conditions(choice))
    cursor: str | None = None
    while True:
        asked = newest_first(chosen, SignalRow.occurred_at, SignalRow.id, limit=PAGE, cursor=cursor)
        with database.read() as session:
            rows = session.scalars(asked).all()
        page, cursor = cut(rows, PAGE, lambda row: (row.occurred_at, row.id))
        yield page
        if cursor is None:
            return


def _as_ndjson(pages: Iterable[Sequence[SignalRow]]) -> Iterator[str]:
    for page in pages:
        yield "".join(f"{Signal.of(row).model_dump_json()}\n" for row in page)


def _as_csv(pages: Iterable[Sequence[SignalRow]]) -> Iterator[str]:
    """https://www.rfc-editor.org/rfc/rfc4180."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(COLUMNS)
    for page in pages:
        writer.writerows([_cell(getattr(row, column)) for column in COLUMNS] for row in page)
        yield lines.getvalue()
        lines.seek(0)
        lines.truncate()


def _cell(value: Any) -> str:
    """The value as text that no spreadsheet runs: https://owasp.org/www-community/attacks/CSV_Injection."""
    if value is None:
        return ""
    if isinstance(value, list | dict):
        text = json.dumps(value, ensure_ascii=False) if value else ""
    else:
        text = value if isinstance(value, str) else f"{value:%Y-%m-%dT%H:%M:%S.%fZ}"
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
