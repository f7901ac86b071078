from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup

from db import Event, Integration, Receipt, SlackApp, WebhookKey
from tests.web.console.conftest import Console

XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def refs(page: BeautifulSoup) -> list[str]:
    return [item.text.removeprefix("words of ") for item in page.select(".signal .verbatim")]


def test_the_empty_workspace_tells_the_next_steps(console: Console) -> None:
    page = console.page()
    assert [step["class"] for step in page.select(".steps li")] == [
        ["is-done"],
        ["is-next"],
        ["is-later"],
        ["is-later"],
    ]
    assert "Nothing is connected yet" in page.text
    assert not page.select(".chart")


def test_connections_say_whether_they_listen(console: Console) -> None:
    workspace_id, now = console.made.workspace_id, console.clock()
    with console.database.write() as session:
        session.add(SlackApp(id="app_1", client_id="1.2", client_secret="s", signing_secret="t"))
        session.flush()
        slack = Integration(
            workspace_id=workspace_id, platform="slack", name="Slack", slack_team_name="Acme HQ", slack_app_id="app_1",
            slack_team_id="T1", last_used_at=now,
        )  # fmt: skip
        pylon = Integration(
            workspace_id=workspace_id, platform="pylon", name="Support", state="needs_reconnect",
            state_reason="token_revoked",
        )  # fmt: skip
        paused = Integration(workspace_id=workspace_id, platform="zendesk", name="Desk", is_active=False)
        key = WebhookKey(workspace_id=workspace_id, name="Zapier", api_key="d", api_key_hint="sbk_…", secret="s")
        session.add_all([slack, pylon, paused, key])
    console.clock.advance(minutes=5)
    cards = [" ".join(card.text.split()) for card in console.page().select(".connection")]
    assert cards == [
        "Pylon Support Needs reconnecting: token revoked Pylon",
        "Slack Acme HQ Listening Slack · heard 5 min ago",
        "Webhook Zapier Listening Webhook · nothing heard yet",
        "Zendesk Desk Paused Zendesk",
    ]


def test_signals_come_newest_first_in_pages_without_gaps(console: Console) -> None:
    start = console.clock()
    for number in range(51):
        console.add_signal(f"r{number:02}", occurred_at=start if number < 25 else console.clock.advance(seconds=1))
    first = console.page("/signals")
    assert len(refs(first)) == 50
    older = first.select_one(".more a")
    assert older is not None
    second = console.page(str(older["href"]))
    assert sorted(refs(first) + refs(second)) == [f"r{number:02}" for number in range(51)]
    assert refs(first)[0] == "r50"
    assert not second.select(".more a")
    assert not second.select("[data-live]")


@pytest.mark.parametrize(
    "before", ["", "x", "~", "2026-11-20T10:00:00Z~%00", "9999-99-99~a", "%FF", "0001-01-01T00:00:00+14:00~"]
)
def test_what_is_no_cursor_means_the_newest(console: Console, before: str) -> None:
    console.add_signal("r1")
    assert refs(console.page(f"/signals?before={before}")) == ["r1"]
    assert console.browser.get(f"/signals/new?cursor={before}").status_code == 200


def test_a_signal_tells_who_where_and_for_whom(console: Console) -> None:
    signal = console.add_signal(
        verbatim="first\nsecond", author_name="Priya", author_affiliation="external", account_name="Globex",
        source_metadata={"channel_name": "globex-acme"}, source_url="https://acme.slack.com/archives/C1/p1",
        edited_at=console.clock(), severity="high", tags=["billing"],
    )  # fmt: skip
    console.clock.advance(hours=2)
    row = console.page().select_one(".signal")
    assert row is not None
    for words in (
        "Priya",
        "Globex",
        "#globex-acme",
        "2 h ago",
        "20 Nov 2026, 10:00 UTC",
        "New",
        "High",
        "Edited",
        "billing",
    ):
        assert words in row.text
    assert "first\nsecond" in row.text
    original = row.find("a", href="https://acme.slack.com/archives/C1/p1")
    assert original is not None
    assert original["rel"] == ["noopener", "noreferrer"]
    assert row.find("a", href=f"/signals/{signal.id}")


NOT_WEB = ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", " data:text/html,x", "vbscript:x",
           "//evil.example", "http://[", "ftp://a.example", "https:"]  # fmt: skip


@pytest.mark.parametrize("url", NOT_WEB)
def test_only_web_links_are_links(console: Console, url: str) -> None:
    signal = console.add_signal(source_url=url, links=[{"url": url, "title": "a link"}, {"url": 7}])
    for path in ("/", "/signals", f"/signals/{signal.id}"):
        page = console.page(path)
        assert not page.select("a[target]")
        assert "a link" not in page.text


def test_every_field_is_escaped(console: Console) -> None:
    with console.database.write() as session:
        session.add(
            Integration(workspace_id=console.made.workspace_id, platform="pylon", name=XSS, state_reason=XSS[:80])
        )
    signal = console.add_signal(
        source=XSS[:40], verbatim=XSS, author_name=XSS, author_email=XSS, author_external_id=XSS, account_name=XSS,
        account_external_id=XSS, interpretation=XSS, user_segment=XSS, tags=[XSS],
        source_metadata={"channel_name": XSS, XSS: XSS},
        source_url=f"https://a.example/{XSS}", links=[{"url": f"https://a.example/{XSS}", "title": XSS}],
        severity="<b>", frequency="<i>", status="<u>",
    )  # fmt: skip
    pages = (
        console.page(),
        console.page("/signals"),
        console.page("/accounts"),
        console.page(f"/signals/{signal.id}"),
        console.page("/signals/new"),
    )
    for page in pages:
        assert XSS in page.text
        assert not [script for script in page.find_all("script") if "alert" in script.text]
        assert not page.find_all("img", src="x")
        assert not page.find_all(["b", "i", "u"])


def test_a_deleted_signal_hides_its_words(console: Console) -> None:
    signal = console.add_signal(verbatim="the secret plan", author_name="Priya", deleted_at=console.clock(),
                                interpretation="a plan", source_metadata={"note": "planned"})  # fmt: skip
    for path in ("/", "/signals", f"/signals/{signal.id}"):
        page = console.page(path)
        assert "This message was deleted at its source." in page.text
        assert "Deleted at source" in page.text
        assert "plan" not in page.text


def test_a_deletion_whose_original_never_came_shows_nothing(console: Console) -> None:
    signal = console.add_signal(verbatim="", deleted_at=console.clock())
    assert not console.page().select(".signal")
    assert console.browser.get(f"/signals/{signal.id}").status_code == 404


def test_one_signal_says_why_it_was_captured(console: Console) -> None:
    signal = console.add_signal(verbatim="words\n" * 20, source_metadata={"plan": "Gold", "ts": "1.0"})
    with console.database.write() as session:
        event = Event(platform="slack", type="message", payload=b"{}", received_at=console.clock())
        session.add(event)
        session.flush()
        outcome = {"outcome": "captured", "reason": "unchanged", "signal_id": signal.id}
        session.add(Receipt(event_id=event.id, workspace_id=signal.workspace_id, **outcome))
    text = console.page(f"/signals/{signal.id}").text
    for words in (
        "words\n" * 20,
        "Captured",
        "This very version is stored already",
        "Plan",
        "Gold",
        "20 Nov 2026, 10:00 UTC",
        event.id,
    ):
        assert words in text


def test_another_workspace_sees_nothing(console: Console, open_console: Callable[..., Console]) -> None:
    other = open_console("Other").sign_in()
    signal = console.add_signal(verbatim="only for Acme")
    assert "only for Acme" in console.page().text
    assert "only for Acme" not in other.page().text
    assert other.browser.get("/signals/new").status_code == 204
    answer = other.browser.get(f"/signals/{signal.id}")
    assert answer.status_code == 404
    assert "Nothing here" in answer.text


@pytest.mark.parametrize("signal_id", ["%00", "sig_%00", "x" * 3000, "%F0%9F%9A%A6", "%ED%A0%80"])
def test_garbage_ids_are_not_found(console: Console, signal_id: str) -> None:
    assert console.browser.get(f"/signals/{signal_id}").status_code == 404
