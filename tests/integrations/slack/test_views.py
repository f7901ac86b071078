"""What people see in Slack, as readable structures, and within Slack's limits whatever the facts are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adapter import AccountKey
from core.desk import Brief, Chapter, DigestPlan, Overview, Room, Story, Token, Visitor
from core.taming import JsonObject, Tame
from core.tickets import Ticketing
from core.voice import Digest
from integrations.slack.views import command, home, kit
from integrations.slack.views.capture import capture_dialog, captured_dialog, read_opinion, refused_dialog
from integrations.slack.views.digest import digest_blocks
from integrations.slack.views.signals import signal_lines
from integrations.slack.views.story import story_blocks, story_dialog
from integrations.slack.views.ticket import Filled, asked_dialog, opened_already, read_ticket, ticket_dialog
from sandbox.slack_kit import problems_of_blocks, problems_of_view

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
WHEN = "<!date^1795168800^{date_short_pretty}, {time}|20 Nov 2026, 10:00 UTC>"
URL = "https://box.example/signals/sig_1"
BRIEF = Brief(URL, "It <stops> & stays.\nAlways.", "Ada", "Kestrel", "#kestrel", "high", "new", NOW)
CHAPTER = Chapter(
    "message", NOW, "Signalbox (A1)", "processed", "It was understood, and was not for keeping.",
    "The mode keeps nothing by itself", "Acme Slack",
)  # fmt: skip
OVERVIEW = Overview(
    is_active=True, problem=None, token=Token(NOW, timedelta(hours=11, minutes=20), NOW), needs_reconnect=False,
    reconnect_url=f"{URL}?again", last_event_at=NOW, signals_today=3,
    picks_rooms=True, rooms=(Room("C1", "kestrel", "external"), Room("C2", "team", None)), reaction="inbox_tray",
    digest=DigestPlan("C2", "team", 9), latest=(BRIEF,),
)  # fmt: skip
ALICE = Visitor("ws_1", "Acme", "int_1", AccountKey(None, "T1"), "usr_1", "admin")
VIC = replace(ALICE, user_id="usr_2", role="viewer")
NINA = replace(ALICE, user_id=None, role=None)


@pytest.mark.parametrize(
    ("repeats", "told"), [(0, ": the message\n"), (1, "(Slack sent it once more)"), (3, "(Slack sent it 3 times more)")]
)
def test_a_chapter_says_how_often_slack_repeated_it(repeats: int, told: str) -> None:
    blocks = story_blocks(Story((replace(CHAPTER, repeats=repeats),)))
    assert told in texts(blocks)[1]


def texts(blocks: list[JsonObject]) -> list[str]:
    """Every section and header, as text."""
    return [text for block in blocks if (text := Tame(block).object("text").text("text"))]


def test_a_signal_in_short() -> None:
    assert signal_lines(BRIEF) == [
        {
            "type": "section",
            "text": {
                "type": "mrkdwn",
                "text": "> It &lt;stops&gt; &amp; stays.\n> Always.",
            },
        },
        {
            "type": "context",
            "elements": [
                {
                    "type": "mrkdwn",
                    "text": f"*Ada*, Kestrel · #kestrel · {WHEN} · :large_orange_circle: high · <{URL}|Open>",
                }
            ],
        },
    ]


def test_the_dialog_over_a_message() -> None:
    view = capture_dialog("The export stops.", "{}")
    assert problems_of_view(view) == []
    assert [block["type"] for block in Tame(view).raw["blocks"]] == ["section", "input", "input", "input", "context"]  # type: ignore[union-attr,index,call-overload]
    assert (view["callback_id"], view["private_metadata"]) == ("capture_signal", "{}")


@pytest.mark.parametrize(
    "view", [captured_dialog(URL), refused_dialog("Not captured", "Because."), capture_dialog("", "{}")]
)
def test_every_dialog_is_within_the_limits(view: JsonObject) -> None:
    assert problems_of_view(view) == []


def test_why_not_captured() -> None:
    story = Story((CHAPTER,))
    assert texts(story_blocks(story)) == [
        ":heavy_minus_sign: *Not captured.*",
        f"*Received* {WHEN}: the message\n*Verified* with the signing secret of Signalbox (A1)\n"
        "*Matched* the connection Acme Slack\n"
        "*Outcome* It was understood, and was not for keeping. The mode keeps nothing by itself.",
    ]


def test_why_captured_and_copied() -> None:
    story = Story((replace(CHAPTER, reason=None),), signal=URL, copy_of=f"{URL}2")
    assert texts(story_blocks(story))[:2] == [
        f":white_check_mark: *Captured.* <{URL}|Open the signal>",
        f"The same words came through another source first: <{URL}2|that signal>.",
    ]


def test_never_received() -> None:
    assert texts(story_blocks(Story((), hints=("Look <here>.",)))) == [
        ":heavy_minus_sign: *Not captured.* Signalbox never received it.",
        "*What to look at*\n• Look &lt;here&gt;.",
    ]


def test_only_admins_see_switches() -> None:
    for visitor, has_switches in ((ALICE, True), (VIC, False)):
        view = home.member_home(visitor, OVERVIEW, URL)
        assert problems_of_view(view) == []
        switches = [name for name in (home.HEAR, home.DEAFEN, home.EMOJI, home.DIGEST_CHANNEL) if name in str(view)]
        assert bool(switches) is has_switches
    assert "It &lt;stops&gt;" not in str(home.stranger_home(URL))
    assert problems_of_view(home.stranger_home(URL)) == []


def test_the_home_page_says_how_it_fares() -> None:
    lines = [*home.status_lines(OVERVIEW)]
    assert lines == [
        ":white_check_mark: Connected.",
        f"The token ends in 11 h 20 min ({WHEN}).",
        f"Last refresh: {WHEN}.",
        f"Last event {WHEN}. Signals today: 3.",
    ]
    token = Token(NOW, timedelta(minutes=-1), problem="Slack <does not> know it. Add the app once more.")
    broken = replace(OVERVIEW, problem="Token revoked", token=token, last_event_at=None)
    assert [*home.status_lines(broken)] == [
        ":x: The connection does not work: Token revoked.",
        f"The token ended {WHEN}.",
        ":warning: The token could not be renewed. Slack &lt;does not&gt; know it. Add the app once more.",
        "No event has come yet.",
    ]
    endless = replace(OVERVIEW, token=Token(), last_event_at=None)
    assert [*home.status_lines(endless)] == [":white_check_mark: Connected.", "No event has come yet."]


def test_only_admins_connect_again() -> None:
    for visitor, overview, label in (
        (ALICE, OVERVIEW, "Add to Slack again"),
        (ALICE, replace(OVERVIEW, needs_reconnect=True), "Reconnect"),
        (VIC, replace(OVERVIEW, needs_reconnect=True), None),
    ):
        view = home.member_home(visitor, overview, URL)
        assert problems_of_view(view) == []
        found = [button for button in buttons(view) if button.text("action_id") == home.RECONNECT]
        assert [(button.object("text").text("text"), button.text("url")) for button in found] == (
            [(label, f"{URL}?again")] if label else []
        )


def buttons(view: JsonObject) -> list[Tame]:
    """The buttons of its rows."""
    rows = (block for block in Tame(view).objects("blocks") if block.text("type") == "actions")
    return [element for row in rows for element in row.objects("elements")]


def test_the_digest() -> None:
    digest = Digest(12, (("Kestrel <3", 9),), (BRIEF,), URL)
    blocks = digest_blocks(digest)
    assert problems_of_blocks(blocks) == []
    assert texts([Tame(block).raw for block in blocks])[:2] == ["12 new signals", "• Kestrel &lt;3: 9"]


def test_command_answers_are_for_one_person() -> None:
    for shown in (
        command.help_answer(URL, may_look=False), command.not_ours_answer(), command.status_answer("Acme", OVERVIEW),
        command.search_answer("export", [BRIEF] * 5, URL), command.search_answer("x", [], URL),
        command.story_answer(Story((CHAPTER,))), command.unclear_answer("What?"),
    ):  # fmt: skip
        assert shown["response_type"] == "ephemeral"
        assert problems_of_blocks(shown["blocks"]) == []


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=9000), st.text(min_size=1, max_size=400), st.integers(0, 60))
def test_no_facts_lead_beyond_slacks_limits(words: str, name: str, many: int) -> None:
    brief = replace(BRIEF, words=words, author=name, account=name, where=name)
    rooms = tuple(Room(f"C{n}", name, "all") for n in range(20))
    overview = replace(
        OVERVIEW, rooms=rooms, latest=(brief,) * 5, problem=name, reaction=name[:100], token=Token(problem=name)
    )
    chapters = (replace(CHAPTER, kind=name, verified_by=name, reason=name, connection=name),) * min(many, 10)
    views = [
        capture_dialog(words, "{}"), story_dialog(Story(chapters, hints=(name,) * 5)),
        home.member_home(replace(ALICE, workspace_name=name), overview, URL, notice=name),
    ]  # fmt: skip
    assert [problem for view in views for problem in problems_of_view(view)] == []
    digest = Digest(many, ((name, many),) * 5, (brief,) * 5, URL)
    for blocks in (digest_blocks(digest), command.search_answer(words, [brief] * 5, URL)["blocks"]):
        assert problems_of_blocks(blocks) == []


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_what_somebody_wrote_marks_up_nothing(words: str) -> None:
    shown = kit.quote(words, 200)
    assert "<" not in shown
    assert all(line.startswith("> ") or line == ">" for line in shown.split("\n"))


@given(
    st.recursive(
        st.none() | st.text(max_size=9) | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(["state", "values", "severity", "interpretation", "value", "selected_option"]),
                inner,
                max_size=3,
            )
        ),
        max_leaves=8,
    )
)
def test_any_state_of_the_dialog_is_read(state: JsonObject) -> None:
    opinion = read_opinion(Tame({"state": state}))
    assert opinion.severity in (None, "critical", "high", "medium", "low")


@pytest.mark.parametrize("words", ["", "It <stops>\nand stays", "x" * 9000, "\n\n"])
@pytest.mark.parametrize("known", [Ticketing(), Ticketing("a1", "Kestrel <b>", "ada@kestrel.example")])
def test_the_dialog_of_an_issue_is_within_the_limits(words: str, known: Ticketing) -> None:
    view = ticket_dialog(words, known, "{}")
    assert problems_of_view(view) == []
    needs_address = [block["optional"] for block in blocks_of(view) if block.get("block_id") == "email"]
    assert needs_address == [known.account_id is not None]
    assert "initial_options" not in str(view), "nobody answers a customer by leaving all as it is"
    for other in (asked_dialog(), opened_already(URL)):
        assert problems_of_view(other) == []


@pytest.mark.parametrize(
    ("values", "filled"),
    [
        ({}, None),
        ({"title": {"value": {"value": " T "}}, "text": {"value": {"value": "x"}}}, Filled("T", "x", None, False)),
        ({"title": {"value": {"value": "T"}}, "text": {"value": {"value": "  "}}}, None),
        ({"title": {"value": {"value": "T"}}, "text": {"value": {"value": "x"}}, "email": {"value": {"value": "a@b.c"}},
          "answer": {"value": {"selected_options": [{"value": "answer_customer"}]}}}, Filled("T", "x", "a@b.c", True)),
        ({"title": {"value": {"value": "T"}}, "text": {"value": {"value": "x"}},
          "answer": {"value": {"selected_options": [{"value": "other"}, 7, None]}}}, Filled("T", "x", None, False)),
        ({"title": 7, "text": [], "answer": "answer_customer"}, None),
    ],
)  # fmt: skip
def test_what_was_filled_into_the_dialog_of_an_issue(values: JsonObject, filled: Filled | None) -> None:
    assert read_ticket(Tame({"state": {"values": values}})) == filled


def blocks_of(view: JsonObject) -> list[JsonObject]:
    return [block.raw for block in Tame(view).objects("blocks")]
