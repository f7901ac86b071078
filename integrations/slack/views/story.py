"""*Why (not) captured?* as a dialog, and as the answer to a command."""

from collections.abc import Iterator

from core.desk import Chapter, Story
from core.taming import JsonObject
from integrations.slack.views import kit
from integrations.slack.views.kit import Block
from integrations.slack.views.when import shown

WHY = "why_captured"
"""The callback id of the shortcut."""

_KINDS = {
    "message": "the message",
    "message.message_changed": "an edit",
    "message.message_deleted": "its deletion",
    "reaction_added": "an emoji on it",
    "reaction_removed": "an emoji that was taken away",
    "app_mention": "a mention of the app",
    "view_submission": "somebody asked for it",
}
_STATES = {"pending": "It is still being processed.", "ignored": "It concerned no connected workspace."}


def story_dialog(story: Story) -> JsonObject:
    """The whole story in a dialog."""
    return kit.modal("Why (not) captured?", story_blocks(story))


def story_blocks(story: Story) -> list[Block]:
    """The end first, then what was received, then where to look."""
    return [kit.section(_end(story)), *_copy(story), *_chapters(story), *_hints(story)]


def _end(story: Story) -> str:
    if story.signal is None:
        return ":heavy_minus_sign: *Not captured.*" + ("" if story.chapters else " Signalbox never received it.")
    if story.is_deleted:
        return f":wastebasket: *Captured, and then deleted at the source.* {kit.link(story.signal, 'Open the signal')}"
    return f":white_check_mark: *Captured.* {kit.link(story.signal, 'Open the signal')}"


def _copy(story: Story) -> Iterator[Block]:
    if story.copy_of:
        yield kit.section(
            f"The same words came through another source first: {kit.link(story.copy_of, 'that signal')}."
        )


def _chapters(story: Story) -> Iterator[Block]:
    if story.chapters:
        yield kit.divider()
    for chapter in story.chapters:
        yield kit.section("\n".join(_lines(chapter)))
    if story.chapters:
        yield kit.context("Slack's repeats of one event are recognised and stored once.")


def _lines(chapter: Chapter) -> Iterator[str]:
    kind = _KINDS.get(chapter.kind, chapter.kind.replace("_", " "))
    yield f"*Received* {shown(chapter.received_at)}: {kit.escape(kind)}{_again(chapter.repeats)}"
    yield f"*Verified* with the signing secret of {kit.escape(chapter.verified_by)}"
    if chapter.connection:
        yield f"*Matched* the connection {kit.escape(chapter.connection)}"
    if chapter.outcome or chapter.reason:
        told = " ".join(filter(None, (chapter.outcome, f"{chapter.reason}." if chapter.reason else None)))
        yield f"*Outcome* {kit.escape(told)}"
    elif chapter.state in _STATES:
        yield f"*Outcome* {_STATES[chapter.state]}"


def _again(repeats: int) -> str:
    if repeats == 0:
        return ""
    return f" (Slack sent it {'once' if repeats == 1 else f'{repeats} times'} more)"


def _hints(story: Story) -> Iterator[Block]:
    if story.hints:
        yield kit.section("*What to look at*\n" + "\n".join(f"• {kit.escape(hint)}" for hint in story.hints))
