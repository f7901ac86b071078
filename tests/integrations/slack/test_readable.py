"""Slack's markup as a person would read it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signal import Lookup
from core.small_talk import is_small_talk
from core.taming import JsonObject, JsonValue, Tame
from integrations.slack.blocks import markup_of
from integrations.slack.emoji import with_any_emoji, with_emoji
from integrations.slack.readable import MAX_CHARACTERS, readable


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("plain words", "plain words"),
        ("<@U012AB|gus> and <@W9|@uma>", "@gus and @uma"),
        ("<@U012AB>, see <#C012|general> or <#G7|>", "@U012AB, see #general or #G7"),
        ("<!here> <!channel|@channel> <!everyone>", "@here @channel @everyone"),
        ("<!subteam^S1|@support> <!subteam^S2>", "@support @S2"),
        ("due <!date^1392734382^{date_short}|Feb 18, 2014>", "due Feb 18, 2014"),
        ("due <!date^1392734382^{date_short}>", "due 2014-02-18 14:39 UTC"),
        ("due <!date^99999999999999^{date}>", "due 99999999999999"),
        ("<https://a.example/x?a=1&amp;b=2|the docs>", "the docs (https://a.example/x?a=1&b=2)"),
        ("<https://a.example/> <http://a.example|a.example>", "https://a.example/ http://a.example"),
        ("<mailto:gus@globex.example|gus@globex.example> <tel:+49123|+49123>", "gus@globex.example +49123"),
        ("a &lt;b&gt; c &amp;amp; d", "a <b> c &amp; d"),
        ("a < b and c > d <> <", "a < b and c > d <> <"),
        (":tada: :+1::skin-tone-4: :flag-de: :man-shrugging::skin-tone-2:", "🎉 👍🏽 🇩🇪 🤷🏻\u200d♂️"),
        (":cat: :dog: :email: :ok_woman:", "🐱 🐶 ✉️ 🙆"),
        (":party-parrot: stays, 10:100:20 too", ":party-parrot: stays, 10:100:20 too"),
        ("`:smile: <https://a.example>` :smile:", "`:smile: https://a.example` 😄"),
        ("```\n:smile: &lt;b&gt;\n``` :smile:", "```\n:smile: <b>\n``` 😄"),
        ("an open ``` :smile:", "an open ``` 😄"),
        ("an open ` :smile:\n` :smile:", "an open ` 😄\n` 😄"),
        ("*bold* _it_ ~gone~ > quote", "*bold* _it_ ~gone~ > quote"),
    ],
)
def test_markup_becomes_readable(markup: str, text: str) -> None:
    assert readable(markup).text == text


def test_who_has_no_name_is_asked_for() -> None:
    told = readable("<@U1> <@U1> <@U2|gus> <#C1> <@U3>")
    assert told.unnamed == (Lookup("user", "U1"), Lookup("channel", "C1"), Lookup("user", "U3"))


def test_a_list_of_everybody_asks_for_a_few() -> None:
    assert len(readable(" ".join(f"<@U{number}>" for number in range(500))).unnamed) == 20


def rich(*elements: JsonValue) -> JsonObject:
    return {"blocks": [{"type": "rich_text", "elements": list(elements)}]}


def section(*elements: JsonValue) -> JsonObject:
    return {"type": "rich_text_section", "elements": list(elements)}


WORD: JsonObject = {"type": "text", "text": "one & <two>"}


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (rich(section(WORD, {"type": "text", "text": " "}, {"type": "user", "user_id": "U1"})), "one & <two> @U1"),
        (rich(section({"type": "emoji", "name": "wave", "skin_tone": 3}, {"type": "emoji", "name": "tada"})), "👋🏼🎉"),
        (rich(section({"type": "link", "url": "https://a.example", "text": "docs"})), "docs (https://a.example)"),
        (rich(section({"type": "channel", "channel_id": "C1"}, {"type": "broadcast", "range": "here"})), "#C1@here"),
        (rich({"type": "rich_text_list", "style": "bullet", "elements": [section(WORD)]}), "- one & <two>"),
        (
            rich({"type": "rich_text_list", "style": "ordered", "elements": [section(WORD), section(WORD)]}),
            "1. one & <two>\n2. one & <two>",
        ),
        (rich({"type": "rich_text_quote", "elements": [WORD]}), "> one & <two>"),
        (rich({"type": "rich_text_preformatted", "elements": [WORD]}), "```one & <two>```"),
        ({"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "<@U1|gus>"}}]}, "@gus"),
        ({"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "<@U1>"}}]}, "<@U1>"),
        ({"blocks": [{"type": "image", "alt_text": "a chart"}]}, "a chart"),
        ({"attachments": [{"title": "Fwd", "text": "It stops."}, {"fallback": "more"}]}, "Fwd\nIt stops.\nmore"),
        ({"text": "the text", **rich(section(WORD))}, "the text"),
    ],
)
def test_messages_without_text_are_read_from_their_blocks(message: JsonObject, text: str) -> None:
    assert readable(markup_of(Tame(message)) or "").text == text


JSON: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["rich_text", "text", "<@U1>"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "elements", "text", "blocks", "style", "attachments"]), inner)
    ),
    max_leaves=20,
)


@given(JSON)
def test_blocks_are_read_whatever_they_are(blocks: JsonValue) -> None:
    said = markup_of(Tame({"blocks": blocks, "attachments": blocks}))
    assert said is None or isinstance(readable(said).text, str)


@given(st.text(alphabet=st.sampled_from(list("<>@#!|^`:&;UC12ab \n")), max_size=200))
def test_any_markup_is_read_and_nothing_is_invented(markup: str) -> None:
    assert len(readable(markup).text) <= len(markup) * 3 + 40


@pytest.mark.parametrize("piece", ["<", "`", "```", ":a", "<@", "&lt;", "<!date^1", ":+1:", "<a|", "`\n"])
def test_hostile_repetition_takes_linear_time(piece: str) -> None:
    started = time.perf_counter()
    readable(piece * (MAX_CHARACTERS // len(piece)))
    assert time.perf_counter() - started < 3


def test_a_name_between_two_colons_that_is_no_emoji_keeps_the_next_one() -> None:
    assert with_emoji("a:zz:tada: c") == "a:zz🎉 c"


@pytest.mark.parametrize("text", [":party-parrot:", "ok :party-parrot:", "thanks! :party-parrot::blob_dance:"])
def test_a_companys_own_emoji_say_nothing(text: str) -> None:
    assert is_small_talk(with_any_emoji(text))


@pytest.mark.parametrize("text", ["it broke :party-parrot:", "10:100:20", "see: this one"])
def test_words_beside_emoji_are_still_words(text: str) -> None:
    assert not is_small_talk(with_any_emoji(text))
