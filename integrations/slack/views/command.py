"""What `/signalbox` answers, to the one who asked only."""

from collections.abc import Sequence

from core.desk import Brief, Overview, Story
from core.taming import JsonObject, JsonValue
from integrations.slack.views import kit
from integrations.slack.views.home import status_lines
from integrations.slack.views.kit import Block
from integrations.slack.views.signals import signal_lines
from integrations.slack.views.story import story_blocks

COMMAND = "/signalbox"


def help_answer(console_url: str, *, may_look: bool) -> JsonObject:
    """What the command can do; for whoever is no member, how to become one."""
    usage = (
        f"*{COMMAND} status* how the connection fares\n"
        f"*{COMMAND} search* _words_ the newest signals with these words\n"
        f"*{COMMAND} why* _link to a message_ why it was captured, or why not"
    )
    access = (
        f"Sign in with Slack at {kit.link(console_url, 'the console')} after an admin has invited you; from then on "
        "this command knows you."
    )
    return _only_you([kit.section(usage), *([] if may_look else [kit.section(access)])], "How to use Signalbox")


def not_ours_answer() -> JsonObject:
    """To somebody of another company."""
    return _only_you([kit.section("Signalbox is here for the people of the company that runs it.")], "Not for you")


def status_answer(workspace: str, overview: Overview) -> JsonObject:
    """How the connection fares."""
    lines = "\n".join((f"*{kit.escape(workspace)}*", *status_lines(overview)))
    return _only_you([kit.section(lines)], f"Signalbox for {workspace}")


def search_answer(words: str, briefs: Sequence[Brief], more_url: str) -> JsonObject:
    """A few signals, and the way to all of them."""
    shown = kit.escape(kit.shorten(words, 100))
    if not briefs:
        return _only_you([kit.section(f"No signal says *{shown}*.")], "Nothing found")
    blocks = [block for brief in briefs for block in signal_lines(brief)]
    title = kit.section(f"The newest signals with *{shown}*")
    return _only_you([title, *blocks, kit.context(kit.link(more_url, "All of them in Signalbox"))], "Signals")


def story_answer(story: Story) -> JsonObject:
    """Why a message was captured, or why not."""
    return _only_you(story_blocks(story), "Why (not) captured?")


def unclear_answer(what: str) -> JsonObject:
    """What was missing."""
    return _only_you([kit.section(what)], "Signalbox did not understand that")


def _only_you(blocks: Sequence[Block], text: str) -> JsonObject:
    """An ephemeral answer in the response itself: nothing is posted."""
    shown: list[JsonValue] = [*blocks]
    return {"response_type": "ephemeral", "text": text, "blocks": shown[: kit.MESSAGE_BLOCKS]}
