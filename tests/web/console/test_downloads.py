"""Signals as files from the console: what the search shows, and everything."""

import csv
import io
import json
from collections.abc import Callable

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from db import AuditEntry
from tests.web.console.conftest import Console


def refs(answer: TestResponse) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row["source_ref"] for row in csv.DictReader(io.StringIO(answer.text, newline=""))]


def csrf(console: Console) -> str:
    field = console.page().select_one("input[name=csrf_token]")
    assert field is not None
    return str(field["value"])


def test_the_list_is_exported_as_it_was_looked_for(console: Console) -> None:
    console.add_signal("C1:1", verbatim="the export stops")
    console.add_signal("C2:1", verbatim="a wish", status="reviewed")
    console.add_signal("C3:1", verbatim="the export is gone", deleted_at=console.clock())
    assert set(refs(console.browser.get("/signals/export"))) == {"C1:1", "C2:1"}
    assert refs(console.browser.get("/signals/export?q=export")) == ["C1:1"]
    assert refs(console.browser.get("/signals/export?status=reviewed&format=csv")) == ["C2:1"]
    lines = console.browser.get("/signals/export?status=reviewed&format=ndjson")
    assert lines.headers["Content-Disposition"] == 'attachment; filename="signals-2026-11-20.ndjson"'
    assert json.loads(lines.text)["verbatim"] == "a wish"


def test_the_page_leads_to_the_export_of_its_own_search(console: Console) -> None:
    console.add_signal("C1:1", verbatim="the export stops")
    links = [str(link["href"]) for link in console.page("/signals?q=export").select("a[download]")]
    assert links == ["/signals/export?q=export&format=csv", "/signals/export?q=export&format=ndjson"]
    assert refs(console.browser.get(links[0])) == ["C1:1"]


@pytest.mark.parametrize("query", ["format=xlsx", "status=gone", "since=yesterday"])
def test_what_cannot_be_exported_is_said(console: Console, query: str) -> None:
    assert console.browser.get(f"/signals/export?{query}").status_code == 422


def test_everything_is_exported_and_written_down(console: Console) -> None:
    console.add_signal("C1:1")
    console.add_signal("C3:1", deleted_at=console.clock())
    data = {"csrf_token": csrf(console), "format": "csv"}
    assert set(refs(console.browser.post("/settings/export", data=data))) == {"C1:1", "C3:1"}
    with console.database.read() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "signals.exported")).one()
    assert (entry.actor_id, entry.details) == (console.made.user_id, {"format": "csv"})


def test_another_workspaces_signals_stay_out(console: Console, open_console: Callable[..., Console]) -> None:
    console.add_signal("C1:1")
    other = open_console("Other").sign_in()
    assert refs(other.browser.get("/signals/export")) == []
    assert refs(other.browser.post("/settings/export", data={"csrf_token": csrf(other), "format": "csv"})) == []
