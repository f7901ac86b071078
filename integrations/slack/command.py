"""`/signalbox`: help, status, search and why, answered to the one who asked, in the response itself."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import urlencode

from core.desk import Visitor
from core.taming import JsonObject
from integrations.slack.surfaces import Encounter, Surfaces
from integrations.slack.views import command as views

FOUND = 5
_PERMALINK = re.compile(r"<?https://[a-z0-9.-]+/archives/([A-Z0-9]{1,40})/p(\d{4,12})(\d{6})(?:[?|>].*)?", re.ASCII)
_LONGEST = 500

NO_LINK = "Give it the link to a message: open the message's menu and choose *Copy link*."
NO_WORDS = "Give it the words to look for."


def run(encounter: Encounter, surfaces: Surfaces) -> JsonObject:
    """The answer; whoever is no member of the workspace is told how to become one, and nothing else. Total."""
    if encounter.visitor is None:
        return views.not_ours_answer()
    text = (encounter.interaction.body.text("text") or "").strip()[:_LONGEST]
    word, _, rest = text.partition(" ")
    respond = WORDS.get(word.lower()) if encounter.visitor.may_look else None
    if respond is None:
        return views.help_answer(surfaces.desk.console(), may_look=encounter.visitor.may_look)
    return respond(encounter.visitor, rest.strip(), surfaces)


def _status(visitor: Visitor, _: str, surfaces: Surfaces) -> JsonObject:
    return views.status_answer(visitor.workspace_name, surfaces.desk.overview(visitor))


def _search(visitor: Visitor, words: str, surfaces: Surfaces) -> JsonObject:
    if not words:
        return views.unclear_answer(NO_WORDS)
    more = surfaces.desk.console(f"signals?{urlencode({'q': words})}")
    return views.search_answer(words, surfaces.desk.search(visitor, words, FOUND), more)


def _why(visitor: Visitor, text: str, surfaces: Surfaces) -> JsonObject:
    link = _PERMALINK.match(text)
    if link is None:
        return views.unclear_answer(NO_LINK)
    channel, ts = link.group(1), f"{link.group(2)}.{link.group(3)}"
    return views.story_answer(surfaces.desk.story(visitor, channel, ts, sees_message=False))


WORDS: Mapping[str, Callable[[Visitor, str, Surfaces], JsonObject]] = MappingProxyType(
    {"status": _status, "search": _search, "why": _why}
)
"""What can follow the command; anything else is answered by help."""
