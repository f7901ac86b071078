"""Signals in short, as lists and unfurled links show them."""

from core.desk import Brief
from integrations.slack.views import kit
from integrations.slack.views.kit import Block
from integrations.slack.views.when import shown

_WORDS = 300
_MARKS = {"critical": ":red_circle:", "high": ":large_orange_circle:", "medium": ":large_yellow_circle:"}


def signal_lines(brief: Brief) -> list[Block]:
    """The words, and below them who said them, where and when."""
    return [kit.section(kit.quote(brief.words, _WORDS)), kit.context(facts(brief))]


def facts(brief: Brief) -> str:
    """One line about the signal, with the way to it."""
    said_by = f"*{kit.escape(brief.author)}*" + (f", {kit.escape(brief.account)}" if brief.account else "")
    told = [said_by, kit.escape(brief.where) if brief.where else "", shown(brief.occurred_at), mark(brief)]
    return " · ".join([*filter(None, told), kit.link(brief.url, "Open")])


def mark(brief: Brief) -> str:
    """How severe it is, if somebody said so."""
    return f"{_MARKS.get(brief.severity, ':white_circle:')} {brief.severity}" if brief.severity else ""
