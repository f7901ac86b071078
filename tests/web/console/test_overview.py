"""The overview and the accounts: what was said, whether all of it was heard, and by whom."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bs4 import BeautifulSoup
from sqlalchemy import event as events

from db import Duty, Event, Integration, Receipt, SlackApp, WebhookKey
from tests.web.console.conftest import Console


def figures(page: BeautifulSoup) -> dict[str, str]:
    cards = page.select(".figures > div")
    return {card.select("dt")[0].text: " ".join(card.select("dd")[0].text.split()) for card in cards}


def add_event(console: Console, **values: object) -> Event:
    with console.database.write() as session:
        event = Event(platform="pylon", type="x", payload=b"{}", received_at=console.clock(), **values)
        session.add(event)
    return event


def add_integration(console: Console, **values: object) -> Integration:
    with console.database.write() as session:
        made = Integration(workspace_id=console.made.workspace_id, **({"platform": "pylon", "name": "P"} | values))
        session.add(made)
    return made


def test_the_chart_counts_days_by_source_and_has_a_table(console: Console) -> None:
    for number in range(3):
        console.add_signal(f"C1:{number}")
    console.add_signal("m1", source="pylon")
    console.add_signal("m2", source="pylon", occurred_at=console.clock() - timedelta(days=29))
    console.add_signal("m3", source="pylon", occurred_at=console.clock() - timedelta(days=31))
    page = console.page()
    title = page.select_one("svg[role=img] title")
    assert title is not None
    assert title.text.startswith("5 signals in the last 30 days, at most 4 on one day.")
    rows = [[cell.text for cell in row.select("th, td")] for row in page.select(".chart tbody tr")]
    assert len(rows) == 30
    assert rows[0] == ["20 Nov 2026", "3", "1", "4"]
    assert rows[-1] == ["22 Oct 2026", "0", "1", "1"]
    assert [(bar["class"], bar["height"]) for bar in page.select("rect")][-2:] == [
        (["bar-slack"], "75.0"), (["bar-pylon"], "25.0"),
    ]  # fmt: skip


def test_the_overview_says_how_far_everything_is_processed(console: Console) -> None:
    console.add_signal()
    assert figures(console.page()) == {"Complete up to": "Now", "Waiting": "0", "Failed": "0"}
    pylon = add_integration(console)
    add_event(console, state="pending", integration_id=pylon.id)
    add_event(console, state="failed", integration_id=pylon.id)
    console.clock.advance(minutes=5)
    add_event(console, state="pending", integration_id=pylon.id)
    page = figures(console.page())
    assert page == {"Complete up to": "5 min ago 20 Nov 2026, 10:00 UTC", "Waiting": "2", "Failed": "1"}


def test_the_overview_says_up_to_when_nothing_is_missing(console: Console) -> None:
    """The connection whose gaps were looked for last counts; paused and ended ones do not."""
    console.add_signal()
    assert "Nothing is missing" not in console.page().text
    ended = {"state": "disconnected", "pylon_account_id": "o3"}
    rows = [add_integration(console, pylon_account_id=f"o{n}") for n in range(2)] + [add_integration(console, **ended)]
    with console.database.write() as session:
        for minutes, row in zip((5, 65, 600), rows, strict=True):
            until = console.clock() - timedelta(minutes=minutes)
            session.add(Duty(integration_id=row.id, kind="pylon.reconcile", scope="", complete_until=until))
    assert "Nothing is missing up to 20 Nov 2026, 08:55 UTC." in console.page().text


def test_a_shared_apps_backlog_holds_back_completeness_and_tells_no_numbers(
    console: Console, open_console: Callable[..., Console]
) -> None:
    bob = open_console("Other").sign_in()
    with console.database.write() as session:
        session.add(SlackApp(id="app_1", client_id="1.2", client_secret="s", signing_secret="t"))
    console.add_signal()
    bob.add_signal()
    add_integration(console, platform="slack", slack_app_id="app_1", slack_team_id="T1")
    add_event(console, state="pending", slack_app_id="app_1")
    failed = add_event(console, state="failed", slack_app_id="app_1")
    with console.database.write() as session:
        session.add(Receipt(event_id=failed.id, workspace_id=console.made.workspace_id, outcome="failed"))
    assert figures(console.page()) == {
        "Complete up to": "just now 20 Nov 2026, 10:00 UTC", "Waiting": "0", "Failed": "1",
    }  # fmt: skip
    assert figures(bob.page()) == {"Complete up to": "Now", "Waiting": "0", "Failed": "0"}


def test_tokens_that_end_raise_an_alarm(console: Console) -> None:
    console.add_signal()
    now = console.clock()
    add_integration(console, name="Fresh", token_expires_at=now + timedelta(hours=11))
    assert not console.page().select(".alarm")
    add_integration(console, name="Stale", token_expires_at=now + timedelta(hours=1))
    page = console.page()
    alarm = page.select_one(".alarm")
    assert alarm is not None
    assert "Stale needs attention" in " ".join(alarm.text.split())
    assert "Token valid until 20 Nov 2026, 21:00 UTC" in page.text


def test_the_steps_are_ticked_off(console: Console) -> None:
    with console.database.write() as session:
        session.add(
            WebhookKey(workspace_id=console.made.workspace_id, name="Z", api_key="d", api_key_hint="h", secret="s")
        )
    classes = [step["class"][0] for step in console.page().select(".steps li")]
    assert classes == ["is-done", "is-done", "is-next", "is-later"]
    console.add_signal()
    assert not console.page().select(".steps")


def test_accounts_are_one_across_sources(console: Console) -> None:
    assert "No account was heard yet" in console.page("/accounts").text
    console.add_signal("C1:1", account_name="Globex", account_external_id="T0789", verbatim="by Slack")
    console.clock.advance(hours=1)
    console.add_signal("m1", source="pylon", account_name="Globex", account_external_id="2d7a", verbatim="by Pylon")
    console.add_signal("C1:2", account_external_id="T0444", occurred_at=console.clock() - timedelta(days=3))
    console.add_signal("C1:3")
    rows = [
        [" ".join(cell.text.split()) for cell in row.select("th, td")]
        for row in console.page("/accounts").select("tbody tr")
    ]
    assert [row[:3] for row in rows] == [["Globex", "Pylon, Slack", "2"], ["Slack team T0444", "Slack", "1"]]
    page = console.page("/accounts/Globex")
    assert [item.text for item in page.select(".verbatim")] == ["by Pylon", "by Slack"]
    assert len(console.page("/accounts/T0444").select(".signal")) == 1
    assert "Nothing was heard from this account" in console.page("/accounts/none").text


def test_names_that_a_path_cannot_carry_are_looked_for(console: Console) -> None:
    for number, name in enumerate(("a/b", "//evil.example", "..", "a//b", "ü & <i>", "#?%")):
        console.add_signal(f"C1:{number}", account_name=name)
    for link in console.page("/accounts").select("tbody a"):
        assert len(console.page(str(link["href"])).select(".signal")) == 1


def test_pages_ask_the_database_a_few_times_only(console: Console) -> None:
    for number in range(30):
        console.add_signal(f"C1:{number}", account_name=f"A{number}")
    asked: list[str] = []

    def note(*values: Any) -> None:
        asked.append(values[2])

    events.listen(console.database.engine, "before_cursor_execute", note)
    try:
        for path in ("/", "/signals?q=words", "/accounts", "/accounts/A1"):
            asked.clear()
            console.page(path)
            assert len([sql for sql in asked if "SELECT" in sql]) <= 10, path
    finally:
        events.remove(console.database.engine, "before_cursor_execute", note)
