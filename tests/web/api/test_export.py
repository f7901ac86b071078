"""Exports: the list's signals and filters, whole, safe for spreadsheets, and never in memory at once."""

import csv
import io
import json
import tracemalloc

import pytest
from sqlalchemy import insert

from core.ids import new_id
from db import Database, Signal
from tests.conftest import NOW
from tests.web.api.conftest import Api, Tenant
from tests.web.api.rows import add_signal
from web import exports
from web.api.signal_filters import SignalChoice
from web.exports import COLUMNS, export_rows


def table(text: str) -> list[dict[str, str]]:
    return [*csv.DictReader(io.StringIO(text, newline=""))]


def test_csv_holds_the_list_in_its_order_and_with_its_columns(api: Api, database: Database, alice: Tenant) -> None:
    values = {"tags": ["a", "ü"], "author_name": 'Ada "A", Countess', "verbatim": "first\nsecond", "minutes": 1}
    add_signal(database, alice.workspace_id, "C1:1", **values)
    add_signal(database, alice.workspace_id, "C1:2")
    answer = api.get("/signals/export", format="csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="signals-2026-11-20.csv"'
    assert answer.text.startswith(",".join(COLUMNS) + "\r\n")
    newer, older = table(answer.text)
    assert (newer["source_ref"], older["source_ref"]) == ("C1:2", "C1:1")
    assert (older["verbatim"], older["author_name"]) == (values["verbatim"], values["author_name"])
    assert (older["tags"], older["links"], older["severity"]) == ('["a", "ü"]', "", "")
    assert newer["occurred_at"] == "2026-11-20T10:00:00.000000Z"


def test_ndjson_holds_what_the_api_shows(api: Api, database: Database, alice: Tenant) -> None:
    for number in range(3):
        add_signal(database, alice.workspace_id, f"C1:{number}", minutes=number)
    answer = api.get("/signals/export", format="ndjson")
    assert answer.mimetype == "application/x-ndjson"
    assert [json.loads(line) for line in answer.text.splitlines()] == api.get("/signals").get_json()["items"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_is_a_formula(api: Api, database: Database, alice: Tenant, start: str) -> None:
    words = f'{start}HYPERLINK("https://evil.example")'
    add_signal(database, alice.workspace_id, verbatim=words, account_name=words)
    [row] = table(api.get("/signals/export").text)
    assert (row["verbatim"], row["account_name"]) == (f"'{words}", f"'{words}")


def test_filters_hold_as_in_the_list(api: Api, bobs_api: Api, database: Database, alice: Tenant) -> None:
    add_signal(database, alice.workspace_id, "C1:1", status="archived")
    add_signal(database, alice.workspace_id, "C1:2", deleted_at=NOW)
    for query, refs in (
        ({}, ["C1:1"]),
        ({"status": "new"}, []),
        ({"include_deleted": "true", "status": ""}, ["C1:2", "C1:1"]),
    ):
        assert [row["source_ref"] for row in table(api.get("/signals/export", **query).text)] == refs
    assert table(bobs_api.get("/signals/export").text) == []
    for query in ({"format": "xlsx"}, {"limit": "1"}, {"status": "gone"}):
        assert api.get("/signals/export", **query).status_code == 422


def test_pages_join_without_a_seam(database: Database, alice: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "PAGE", 2)
    for number in range(5):
        add_signal(database, alice.workspace_id, f"C1:{number}", minutes=number // 2)
    pieces = [*export_rows(database, alice.workspace_id, SignalChoice(), "csv")]
    refs = [row["source_ref"] for row in table("".join(pieces))]
    assert (len(pieces), len(refs), set(refs)) == (3, 5, {f"C1:{number}" for number in range(5)})


def test_memory_does_not_grow_with_the_rows(database: Database, alice: Tenant) -> None:
    """Of about 12 MB of words, a few pages' worth is held at most."""
    with database.write() as session:
        rows = [
            {
                "id": new_id("sig"), "workspace_id": alice.workspace_id, "source": "slack",
                "source_ref": f"C1:{number}", "source_version": "1", "verbatim": "word " * 300, "occurred_at": NOW,
            }
            for number in range(8_000)
        ]  # fmt: skip
        session.execute(insert(Signal), rows)
    del rows
    pieces = export_rows(database, alice.workspace_id, SignalChoice(), "ndjson")
    lines = next(pieces).count("\n")
    tracemalloc.start()
    lines += sum(piece.count("\n") for piece in pieces)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (lines, peak < 12_000_000) == (8_000, True), peak
