"""One signal's page: its conversation, its edits, why it is here, and what people make of it."""

import re
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import update

from db import Conversation, Event, Receipt, Signal, SignalRevision, WorkspaceMember
from tests.web.console.conftest import Console
from tests.web.console.test_signals import post
from web.console import reasons

REASONS = (Path(__file__).parents[3] / "docs/reasons.md").read_text(encoding="utf-8")


def add_conversation(console: Console) -> tuple[str, Signal, Signal]:
    with console.database.write() as session:
        talk = Conversation(workspace_id=console.made.workspace_id)
        session.add(talk)
    first = console.add_signal("C1:1.0", verbatim="in Slack", conversation_id=talk.id)
    console.clock.advance(minutes=1)
    second = console.add_signal("m1", source="pylon", verbatim="in Pylon", conversation_id=talk.id)
    return talk.id, first, second


def add_receipt(console: Console, signal: Signal, payload: bytes) -> Event:
    with console.database.write() as session:
        event = Event(platform="slack", type="message", payload=payload, received_at=console.clock(), repeats=2)
        session.add(event)
        session.flush()
        values = {"event_id": event.id, "workspace_id": signal.workspace_id, "signal_id": signal.id}
        session.add(Receipt(outcome="captured", **values))
    return event


def test_the_conversation_is_in_order_from_both_sources(console: Console) -> None:
    talk, first, second = add_conversation(console)
    page = console.page(f"/signals/{second.id}")
    assert [item.text for item in page.select(".thread .verbatim")] == ["in Slack", "in Pylon"]
    this = page.select_one(".thread [aria-current]")
    assert this is not None
    assert "in Pylon" in this.text
    assert page.select_one(f".thread a[href='/signals/{first.id}']")
    whole = console.page(f"/conversations/{talk}")
    assert [item.text for item in whole.select(".verbatim")] == ["in Slack", "in Pylon"]


def test_conversations_are_the_workspaces_own(console: Console, open_console: Callable[..., Console]) -> None:
    talk, _, _ = add_conversation(console)
    assert open_console("Other").sign_in().browser.get(f"/conversations/{talk}").status_code == 404
    assert console.browser.get("/conversations/%00").status_code == 404


def test_edits_are_kept_newest_first(console: Console) -> None:
    signal = console.add_signal(verbatim="third", edited_at=console.clock())
    with console.database.write() as session:
        for version, words in (("1", "first <b>"), ("2", "second")):
            session.add(
                SignalRevision(
                    signal_id=signal.id, source_version=version, workspace_id=signal.workspace_id, verbatim=words,
                    replaced_at=console.clock(),
                )
            )  # fmt: skip
    page = console.page(f"/signals/{signal.id}")
    assert [item.text for item in page.select(".edits .verbatim")] == ["second", "first <b>"]
    with console.database.write() as session:
        session.execute(update(Signal).values(deleted_at=console.clock()))
    assert not console.page(f"/signals/{signal.id}").select(".edits")


def test_only_admins_see_what_arrived(console: Console) -> None:
    signal = console.add_signal()
    add_receipt(console, signal, b'{"text": "<script>raw</script>"}')
    payload = console.page(f"/signals/{signal.id}").select_one(".payload")
    assert payload is not None
    assert payload.text == '{\n  "text": "<script>raw</script>"\n}'
    with console.database.write() as session:
        session.execute(update(WorkspaceMember).values(role="member"))
    page = console.page(f"/signals/{signal.id}")
    assert not page.select(".payload")
    assert "raw" not in page.text
    assert "Its words were new" in page.text
    assert "sent 2 times more, and kept once" in page.text


def test_a_payload_that_is_no_json_is_shown_as_it_is(console: Console) -> None:
    signal = console.add_signal()
    add_receipt(console, signal, b"\xffnot json" + b"[" * 10)
    assert "not json" in console.page(f"/signals/{signal.id}").text


def test_people_decide_what_a_signal_means(console: Console) -> None:
    signal = console.add_signal(tags=["old"], severity="low")
    fields = {"status": "linked", "severity": "", "frequency": "rare", "interpretation": " a need\r\nindeed ",
              "tags": "export, , csv,export"}  # fmt: skip
    status, location = post(console, f"/signals/{signal.id}", **fields)
    assert (status, location) == (303, f"/signals/{signal.id}?saved=1")
    assert "Saved." in console.page(location).text
    with console.database.read() as session:
        stored = session.get_one(Signal, signal.id)
    assert (stored.status, stored.severity, stored.frequency) == ("linked", None, "rare")
    assert (stored.interpretation, stored.tags) == ("a need\nindeed", ["export", "csv"])
    assert post(console, f"/signals/{signal.id}", severity="huge")[0] == 422
    assert post(console, "/signals/sig_none", status="linked")[0] == 404


def test_the_quote_card_names_who_and_where(console: Console) -> None:
    signal = console.add_signal(
        verbatim="first\n\nsecond", author_name="Priya", account_external_id="T0789",
        source_url="https://acme.slack.com/archives/C1/p1",
    )  # fmt: skip
    card = console.page(f"/signals/{signal.id}").select_one("#quote")
    assert card is not None
    assert card.text.strip().splitlines() == [
        "> first", ">", "> second", "", "— Priya, Slack team T0789, Slack, 20 Nov 2026",
        "https://acme.slack.com/archives/C1/p1",
    ]  # fmt: skip


def test_reasons_read_as_they_are_documented() -> None:
    documented = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|$", REASONS, re.MULTILINE))
    assert {slug: documented[slug] for slug in reasons._REASONS} == reasons._REASONS


def test_the_issue_is_told_as_it_is_now(console: Console) -> None:
    with console.database.write() as session:
        talk = Conversation(
            workspace_id=console.made.workspace_id, source_version="1", state="on_hold", priority="urgent",
            assignee_name="Kim", tags=["export"], url="https://app.usepylon.com/issues?issueNumber=7",
        )  # fmt: skip
        session.add(talk)
    then = {"number": 7, "state": "new", "priority": "low", "link": "https://app.usepylon.com/issues?issueNumber=7"}
    signal = console.add_signal("2f1c", source="pylon", conversation_id=talk.id, source_metadata=then)
    page = console.page(f"/signals/{signal.id}")
    panel = page.select_one("section[aria-labelledby=issue]")
    assert panel is not None
    told = [(row.dt.text, row.dd.text.strip()) for row in panel.select("dl > div") if row.dt and row.dd]
    assert told == [("State", "on hold"), ("Priority", "urgent"), ("Assigned to", "Kim"), ("Tags", "export")]
    link = panel.select_one("a")
    assert link is not None
    assert (link["href"], link["rel"], link["target"]) == (then["link"], ["noopener", "noreferrer"], "_blank")
    about = page.select_one("section[aria-labelledby=about]")
    assert about is not None
    assert ("7" in about.text, "low" in about.text, "Link" in about.text) == (True, False, False)


def test_what_leads_to_a_page_is_a_link_and_nothing_else_is(console: Console) -> None:
    told = {"link": "https://app.usepylon.com/issues?issueNumber=7", "other": "javascript:alert(1)"}
    signal = console.add_signal("2f1c", source="pylon", source_metadata=told)
    about = console.page(f"/signals/{signal.id}").select_one("section[aria-labelledby=about]")
    assert about is not None
    assert [(a["href"], a["rel"]) for a in about.select("dd a.away")] == [(told["link"], ["noopener", "noreferrer"])]
    assert told["other"] in about.text


def test_what_came_with_others_of_its_conversation_says_so(console: Console) -> None:
    _, first, second = add_conversation(console)
    add_receipt(console, second, b'{"event": "message.created"}')
    page = console.page(f"/signals/{first.id}").text
    assert "It came with what else was said in this conversation." in page
    assert "message.created" in page
    assert "It came with" not in console.page(f"/signals/{second.id}").text
    alone = console.add_signal("C9:9.0")
    assert "no longer kept" in console.page(f"/signals/{alone.id}").text
