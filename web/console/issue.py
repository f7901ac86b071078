"""The Pylon issue that a conversation became, as its pages show it: as it is now, not as it was when words came."""

from dataclasses import dataclass

from db import Conversation
from web.console.wording import web_link

TOLD_BY_ISSUE = frozenset({"state", "priority", "link"})
"""What a signal's metadata holds of its issue as it once was."""


@dataclass(frozen=True, slots=True)
class IssueRow:
    """An issue; ``url`` is a web link or None."""

    title: str | None
    url: str | None
    facts: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]


def issue_row(found: Conversation) -> IssueRow | None:
    """What the page shows of the issue; None for a thread without one."""
    if found.source_version is None:
        return None
    told = {
        "State": (found.state or "").replace("_", " "),
        "Priority": found.priority or "",
        "Assigned to": found.assignee_name or found.assignee_email or "",
        "Account": found.account_name or found.account_external_id or "",
    }
    facts = tuple((label, value) for label, value in told.items() if value)
    return IssueRow(found.title, web_link(found.url), facts, tuple(found.tags))
