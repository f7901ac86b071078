"""The list of signals: what is looked for, what is marked, and what is changed many at once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select, update

from db import AuditEntry, Role, SavedView, Signal, WorkspaceMember
from tests.web.console.conftest import Console

Open = Callable[..., Console]


def found(page: BeautifulSoup) -> list[str]:
    return [item.text for item in page.select(".signal .verbatim")]


def become(console: Console, role: Role) -> None:
    with console.database.write() as session:
        session.execute(update(WorkspaceMember).values(role=role))


def token(console: Console) -> str:
    field = console.page().select_one("input[name=csrf_token]")
    assert field is not None
    return str(field["value"])


def post(console: Console, path: str, **fields: object) -> tuple[int, str]:
    answer = console.browser.post(path, data={"csrf_token": token(console), **fields})
    return answer.status_code, answer.location or ""


def status_of(console: Console, signal: Signal) -> str:
    with console.database.read() as session:
        return session.get_one(Signal, signal.id).status


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("q=EXPORT", ["the export stops"]),
        ("source=pylon", ["a ticket"]),
        ("account=globex", ["the export stops"]),
        ("account=T0789", ["the export stops"]),
        ("author=priya", ["the export stops"]),
        ("channel=C1", ["the export stops"]),
        ("status=reviewed", ["a ticket"]),
        ("severity=high", ["the export stops"]),
        ("since=2026-11-20", ["the export stops"]),
        ("until=2026-11-18", ["a ticket"]),
        ("since=2026-11-18&until=2026-11-18", ["a ticket"]),
        ("since=2026-11-19&until=2026-11-19", []),
        ("q=&source=&status=&since=", ["the export stops", "a ticket"]),
        ("unheard=of", ["the export stops", "a ticket"]),
        ("status=reviewed&source=slack", []),
    ],
)
def test_every_filter_narrows_the_list(console: Console, query: str, wanted: list[str]) -> None:
    two_days_ago = console.clock() - timedelta(days=2)
    console.add_signal("C1:1.0", verbatim="the export stops", account_name="Globex", account_external_id="T0789",
                       author_name="Priya", severity="high")  # fmt: skip
    console.add_signal("m1", source="pylon", verbatim="a ticket", status="reviewed", occurred_at=two_days_ago)
    page = console.page(f"/signals?{query}")
    assert found(page) == wanted
    assert bool(page.select("[data-empty]")) is not bool(wanted)


@pytest.mark.parametrize(
    "query", ["since=yesterday", "until=9999-12-31T", "status=odd", "severity=x", "q=" + "x" * 600]
)
def test_what_cannot_be_looked_for_is_named(console: Console, query: str) -> None:
    console.add_signal(verbatim="some words")
    answer = console.browser.get(f"/signals?{query}")
    page = BeautifulSoup(answer.text, "html.parser")
    assert answer.status_code == 422
    assert found(page) == []
    invalid = page.select_one("[aria-invalid]")
    assert invalid is not None
    assert invalid["name"] == query.partition("=")[0]
    assert page.find(id=invalid["aria-describedby"])


@pytest.mark.parametrize("query", ["until=9999-12-31", "since=0001-01-01", "q=%00", "q=%FF", "channel=%F0%9F%9A%A6"])
def test_no_address_breaks_the_page(console: Console, query: str) -> None:
    console.add_signal()
    assert console.browser.get(f"/signals?{query}").status_code in (200, 422)


def test_hits_are_marked_and_everything_else_is_escaped(console: Console) -> None:
    console.add_signal(verbatim="<b>Export</b> & export again: " + "long " * 200)
    page = console.page("/signals?q=export")
    assert [hit.text for hit in page.select(".verbatim mark")] == ["Export", "export"]
    assert not page.select(".verbatim b")
    assert "<b>Export</b> & export again" in page.text


def test_a_hit_far_inside_is_shown(console: Console) -> None:
    console.add_signal(verbatim="before " * 300 + "needle after")
    text = found(console.page("/signals?q=needle"))[0]
    assert text.startswith("… ")
    assert text.index("needle") < 200


def test_what_was_deleted_is_not_found_by_its_words(console: Console) -> None:
    console.add_signal(verbatim="the secret plan", author_name="Priya", deleted_at=console.clock())
    assert found(console.page("/signals?q=secret")) == []
    assert found(console.page("/signals")) == ["This message was deleted at its source."]


def test_the_live_list_keeps_to_the_search(console: Console) -> None:
    listing = console.page("/signals?source=pylon").select_one("[data-live]")
    assert listing is not None
    console.clock.advance(seconds=1)
    console.add_signal("s", verbatim="from Slack")
    console.add_signal("p", source="pylon", verbatim="from Pylon")
    answer = console.browser.get(f"{listing['data-live']}&cursor={listing['data-cursor']}")
    assert found(BeautifulSoup(answer.text, "html.parser")) == ["from Pylon"]
    nothing = console.browser.get(f"/signals/new?source=other&cursor={listing['data-cursor']}")
    assert nothing.status_code == 204
    assert nothing.headers["Signalbox-Cursor"] >= str(listing["data-cursor"])


def test_many_are_changed_at_once_and_it_is_recorded(console: Console) -> None:
    signals = [console.add_signal(f"C1:{number}") for number in range(3)]
    become(console, "member")
    ids = [signal.id for signal in signals[:2]]
    status, location = post(console, "/signals/status", id=ids, set="reviewed", source="slack", status="new")
    assert (status, location) == (303, "/signals?source=slack&status=new&changed=2")
    assert [status_of(console, signal) for signal in signals] == ["reviewed", "reviewed", "new"]
    assert "2 signals were changed" in console.page(location).text
    with console.database.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "signal.changed")).all()
    assert {entry.target_id for entry in entries} == set(ids)
    assert {entry.actor_id for entry in entries} == {console.made.user_id}


def test_a_viewer_changes_nothing_and_is_offered_nothing(console: Console) -> None:
    signal = console.add_signal()
    become(console, "viewer")
    for path in ("/signals/status", f"/signals/{signal.id}", "/views", "/views/viw_1/delete"):
        assert post(console, path, id=signal.id, set="archived", status="archived", name="x", q="y")[0] == 403
    assert status_of(console, signal) == "new"
    for path in ("/signals?q=words", f"/signals/{signal.id}"):
        assert {form["action"] for form in console.page(path).select("form[method=post]")} == {"/sign-out"}
        assert not console.page(path).select("input[name=id]")


@pytest.mark.parametrize("fields", [{"set": "odd"}, {"set": ""}, {"id": []}, {"id": "sig_none"}])
def test_a_change_that_cannot_be_made_changes_nothing(console: Console, fields: dict[str, object]) -> None:
    signal = console.add_signal()
    status, _ = post(console, "/signals/status", **({"id": signal.id, "set": "reviewed"} | fields))
    assert status in (404, 422)
    assert status_of(console, signal) == "new"


@pytest.mark.parametrize("path", ["/signals/status", "/signals/{id}", "/views", "/views/{id}/delete"])
def test_no_change_without_the_token(console: Console, path: str) -> None:
    signal = console.add_signal()
    answer = console.browser.post(
        path.format(id=signal.id), data={"id": signal.id, "set": "archived", "status": "archived"}
    )
    assert answer.status_code == 403
    assert status_of(console, signal) == "new"


def test_saved_views_are_everybodys_until_deleted(console: Console) -> None:
    console.add_signal("C1:1", severity="high")
    assert post(console, "/views", name=" Loud  ones ", severity="high", q="words")[0] == 303
    link = console.page("/signals").find("a", string="Loud ones")
    assert link is not None
    page = console.page(str(link["href"]))
    assert len(found(page)) == 1
    current = page.select_one(".views [aria-current]")
    form = page.select_one(".views form")
    assert current is not None
    assert current.text == "Loud ones"
    assert form is not None
    assert post(console, str(form["action"]), confirmed="1")[0] == 303
    assert not console.page("/signals").find("a", string="Loud ones")


@pytest.mark.parametrize(
    "fields", [{"name": "", "q": "x"}, {"name": "x" * 81, "q": "x"}, {"name": "x"}, {"name": "x", "status": "odd"}]
)
def test_a_view_needs_a_name_and_something_to_find(console: Console, fields: dict[str, object]) -> None:
    assert post(console, "/views", **fields)[0] == 422
    with console.database.read() as session:
        assert not session.scalars(select(SavedView)).all()


def test_another_workspace_sees_and_changes_nothing(console: Console, open_console: Open) -> None:
    signal = console.add_signal("C1:1", verbatim="only Acme's", account_name="Globex", conversation_id=None)
    post(console, "/views", name="Acme's view", q="only")
    with console.database.read() as session:
        view = session.scalars(select(SavedView)).one()
    bob = open_console("Other").sign_in()
    for path in ("/", "/signals", "/signals?q=only", "/accounts", "/accounts/Globex", "/signals?channel=C1"):
        text = bob.page(path).text
        assert "only Acme's" not in text
        assert "Acme's view" not in text
        assert path.endswith("Globex") or "Globex" not in text
    assert bob.browser.get("/signals/new?source=slack").status_code == 204
    assert post(bob, "/signals/status", id=signal.id, set="archived")[0] == 404
    assert post(bob, f"/signals/{signal.id}", status="archived")[0] == 404
    assert post(bob, f"/views/{view.id}/delete", confirmed="1")[0] == 404
    assert status_of(console, signal) == "new"


def test_scripts_are_served_and_not_needed(console: Console) -> None:
    for number in range(60):
        console.add_signal(f"C1:{number:02}")
    page = console.page("/signals")
    scripts = [str(script["src"]) for script in page.find_all("script")]
    assert [path.partition("?")[0] for path in scripts] == [
        f"/assets/{name}.js" for name in ("sending", "rooms", "htmx.min", "list", "keys", "live")
    ]
    for path in scripts:
        with console.browser.get(path) as answer:
            assert answer.status_code == 200
            assert "immutable" in answer.headers["Cache-Control"]
            assert "javascript" in answer.content_type
    older = page.select_one("#more a[href]")
    assert older is not None
    assert older["href"] == older["hx-get"]
    assert len(found(console.page(str(older["href"])))) == 10
    config = page.select_one("meta[name=htmx-config]")
    assert config is not None
    assert '"includeIndicatorStyles": false' in str(config["content"])


def test_what_fits_best_comes_first_when_asked_for(console: Console) -> None:
    for number in range(3):
        console.add_signal(f"C1:{number}", verbatim="export" + " and more" * number)
    assert found(console.page("/signals?q=export"))[0] == "export and more and more"
    page = console.page("/signals?q=export")
    best = page.find("a", string="Best match first")
    assert best is not None
    page = console.page(str(best["href"]))
    assert found(page) == ["export", "export and more", "export and more and more"]
    assert page.select_one("[data-live]") is None
    assert page.select_one("form#finder input[name=sort][value=relevance]") is not None
    assert page.select_one("form#bulk input[name=sort][value=relevance]") is not None
    assert found(console.page("/signals?sort=relevance&q=export&before=nonsense")) == found(page)
    assert console.page("/signals?sort=relevance").find("a", string="Best match first") is None
    assert console.page("/signals?sort=nonsense&q=export").select_one("[data-live]") is not None


def test_what_fits_best_has_pages(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.console.stream.PAGE", 2)
    for number in range(3):
        console.add_signal(f"C1:{number}", verbatim="export" + " and more" * number)
    page = console.page("/signals?q=export&sort=relevance")
    more = page.select_one("#more a")
    assert more is not None
    assert more.text == "More signals"
    assert found(page) + found(console.page(str(more["href"]))) == [
        "export", "export and more", "export and more and more",
    ]  # fmt: skip


def test_small_talk_is_shown_when_it_is_asked_for(open_console: Open) -> None:
    console = open_console("Acme")
    console.sign_in()
    console.add_signal("C1:1.0", verbatim="the export stops")
    console.add_signal("C1:2.0", verbatim="thanks!", is_trivial=True)
    assert found(console.page("/signals")) == ["the export stops"]
    page = console.page("/signals?include_trivial=true")
    assert sorted(found(page)) == ["thanks!", "the export stops"]
    assert "Small talk" in page.text
    assert page.select_one("input[name=include_trivial][checked]") is not None


def test_what_a_delivery_alone_told_is_marked(open_console: Open) -> None:
    console = open_console("Acme")
    console.sign_in()
    limited = console.add_signal("i1", source="pylon", verbatim="told", source_metadata={"limited": True}).id
    read = console.add_signal("i2", source="pylon", verbatim="read", source_metadata={"number": "7"}).id
    marked = {str(row["id"]): "Limited mode" in row.text for row in console.page("/signals").select(".signal")}
    assert marked == {limited: True, read: False}
    for signal, is_marked in marked.items():
        assert ("Limited mode" in console.page(f"/signals/{signal}").text) == is_marked
