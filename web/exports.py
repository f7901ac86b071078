"""Signals as files: CSV that no spreadsheet runs, and NDJSON; page by page, in constant memory, whoever asks."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Literal, TypeAlias

from flask import Response
from sqlalchemy import select

from db import Database, Signal
from web.api.signal_filters import SignalChoice, conditions
from web.api.signals import Signal as ShownSignal
from web.paging import cut, newest_first

ExportFormat: TypeAlias = Literal["csv", "ndjson"]

PAGE = 1_000
"""Rows of one short read transaction; only one page is ever held."""

COLUMNS = (
    "id", "source", "source_scope", "source_ref", "source_url", "occurred_at", "verbatim", "interpretation", "severity",
    "frequency", "user_segment", "status", "author_name", "author_email", "author_external_id", "author_affiliation",
    "account_name", "account_external_id", "tags", "links", "conversation_id", "source_metadata", "source_version",
    "edited_at", "deleted_at", "created_at", "updated_at", "is_trivial",
)  # fmt: skip
"""The order of CSV's columns. New ones are added at the end."""

CONTENT_TYPES: dict[ExportFormat, str] = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
_WORKSPACE = "workspace_id"


def export_rows(
    database: Database, workspace_id: str, choice: SignalChoice, export_format: ExportFormat
) -> Iterator[str]:
    """The export in pieces of one page each. Needs no request: it may go on after the view has returned."""
    pages = _pages(database, workspace_id, choice)
    return _as_csv(pages, COLUMNS) if export_format == "csv" else _as_ndjson(pages)


def export_workspaces(
    database: Database, workspace_ids: Sequence[str], choice: SignalChoice, export_format: ExportFormat
) -> Iterator[str]:
    """Several workspaces after one another as one file, in which ``workspace_id`` comes first."""
    pages = (page for workspace_id in workspace_ids for page in _pages(database, workspace_id, choice))
    if export_format == "csv":
        return _as_csv(pages, (_WORKSPACE, *COLUMNS))
    return _as_ndjson(pages, names_workspace=True)


def download(rows: Iterator[str], export_format: ExportFormat, now: datetime) -> Response:
    """The export as a file that browsers save, named after its day."""
    headers = {"Content-Disposition": f'attachment; filename="signals-{now:%Y-%m-%d}.{export_format}"'}
    return Response(rows, headers=headers, content_type=CONTENT_TYPES[export_format])


def _pages(database: Database, workspace_id: str, choice: SignalChoice) -> Iterator[Sequence[Signal]]:
    chosen = select(Signal).where(Signal.workspace_id == workspace_id, *conditions(choice))
    cursor: str | None = None
    while True:
        asked = newest_first(chosen, Signal.occurred_at, Signal.id, limit=PAGE, cursor=cursor)
        with database.read() as session:
            rows = session.scalars(asked).all()
        page, cursor = cut(rows, PAGE, lambda row: (row.occurred_at, row.id))
        yield page
        if cursor is None:
            return


def _as_ndjson(pages: Iterable[Sequence[Signal]], *, names_workspace: bool = False) -> Iterator[str]:
    for page in pages:
        yield "".join(_line(row, names_workspace=names_workspace) for row in page)


def _line(row: Signal, *, names_workspace: bool) -> str:
    text = ShownSignal.of(row).model_dump_json()
    return f'{{"{_WORKSPACE}":{json.dumps(row.workspace_id)},{text[1:]}\n' if names_workspace else f"{text}\n"


def _as_csv(pages: Iterable[Sequence[Signal]], columns: Sequence[str]) -> Iterator[str]:
    """https://www.rfc-editor.org/rfc/rfc4180."""
    lines = io.StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(columns)
    for page in pages:
        writer.writerows([_cell(getattr(row, column)) for column in columns] for row in page)
        yield lines.getvalue()
        lines.seek(0)
        lines.truncate()


def _cell(value: Any) -> str:
    """The value as text that no spreadsheet runs: https://owasp.org/www-community/attacks/CSV_Injection."""
    if value is None:
        return ""
    if isinstance(value, list | dict | bool):
        text = json.dumps(value, ensure_ascii=False) if value not in ([], {}) else ""
    else:
        text = value if isinstance(value, str) else f"{value:%Y-%m-%dT%H:%M:%S.%fZ}"
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
