"""Pylon's past: the issues that changed in a stretch of time, as notices to read them again.

``POST /issues/search`` on ``updated_at`` takes at most 30 days at once: https://docs.usepylon.com/pylon-docs/developer/api.
A missed webhook and a first import are the same question: what changed since then?
"""

from datetime import datetime, timedelta

import msgspec

from core.adapter import Access, Pauses
from core.history import Allowance, Historian, Page, Record, Stretch
from core.signal import ConversationKey
from core.taming import JsonObject, Tame, bounded
from integrations.pylon.client import RATE_LIMIT_PAUSE_SECONDS, PylonClient
from integrations.pylon.issues import sortable

WINDOW = timedelta(days=30)
LEAST_WINDOW = timedelta(days=1)
STEPS = 12
"""The search tells neither how much there is nor in which order it comes, so a long stretch is cut in about so many
windows: after each of them it is known how far the whole is.
"""
OVERLAP = timedelta(minutes=10)
"""A change moves an issue to the end of the search, so that nothing older has to be looked at again."""
PAGE_SIZE = 100
USUAL = Allowance(PAGE_SIZE, 3.0)
"""20 requests a minute for the search, by Pylon's description of April 2026; its headers tell when it is less."""


class Position(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where reading stands: the end of the window that is being read, and Pylon's cursor in it."""

    until: datetime
    cursor: str | None = None


def historian(api_url: str, pauses: Pauses) -> Historian:
    """What `integrations.discover` finds."""
    return PylonHistorian(PylonClient(api_url, pauses))


class PylonHistorian:
    """Implements `core.history.Historian`. Pylon has no channels, so a stretch is always of the whole organisation."""

    look_back = OVERLAP
    allowances = (USUAL,)

    def __init__(self, client: PylonClient) -> None:
        self._client = client

    def page(self, access: Access, stretch: Stretch, position: JsonObject, allowance: Allowance | None) -> Page:
        """See `core.history.Historian.page`."""
        at = msgspec.convert(position, Position) if position else Position(stretch.until)
        since = max(stretch.since, at.until - _window(stretch))
        answer = self._client.post("search", "/issues/search", access, _question(since, at))
        pagination = answer.object("pagination")
        cursor = pagination.text("cursor") if pagination.flag("has_next_page") else None
        repeats = cursor is not None and cursor == at.cursor  # a cursor that does not move on would never end
        ahead = Position(at.until, cursor) if cursor and not repeats else Position(since)
        is_over = ahead.cursor is None and since <= stretch.since
        believed = allowance or USUAL
        return Page(
            records=tuple(filter(None, (_record(stretch, issue) for issue in answer.objects("data")))),
            position=None if is_over else msgspec.to_builtins(ahead),
            allowance=believed,
            wait_seconds=believed.pace_seconds,
            reached_at=since if ahead.cursor is None else None,
        )

    def look(
        self,
        access: Access,  # noqa: ARG002  # the protocol's signature, as below
        stretch: Stretch,  # noqa: ARG002
        ref: str,  # noqa: ARG002
        conversation: ConversationKey | None,  # noqa: ARG002
        now: datetime,  # noqa: ARG002
    ) -> Record | None:
        """Nothing to look for: reading an issue again also tells what is gone from it."""
        return None

    def slowed(self, allowance: Allowance | None, seconds: float) -> Allowance | None:
        """See `core.history.Historian.slowed`: a pause of a minute means that others use the same limit."""
        pace = (allowance or USUAL).pace_seconds
        return Allowance(PAGE_SIZE, min(max(pace * 2, USUAL.pace_seconds), max(seconds, RATE_LIMIT_PAUSE_SECONDS)))


def _window(stretch: Stretch) -> timedelta:
    return min(WINDOW, max(LEAST_WINDOW, (stretch.until - stretch.since) / STEPS))


def _question(since: datetime, at: Position) -> JsonObject:
    bounds: JsonObject = {
        "field": "updated_at",
        "operator": "time_range",
        "values": [since.isoformat(), at.until.isoformat()],
    }
    question: JsonObject = {"filter": bounds, "limit": PAGE_SIZE}
    return question | {"cursor": at.cursor} if at.cursor else question


def _record(stretch: Stretch, issue: Tame) -> Record | None:
    """The notice of one state of an issue: another change of it is another record."""
    issue_id, changed_at = issue.text("id"), issue.time("updated_at")
    if issue_id is None or changed_at is None:
        return None
    notice = {"event": "issue.updated", "issue_id": issue_id, "signalbox_origin": stretch.origin}
    return Record(
        external_id=bounded(f"{stretch.origin}:{issue_id}:{changed_at.isoformat()}"),
        type="issue.updated",
        payload=msgspec.json.encode(notice),
        ref=bounded(issue_id),
        occurred_at=changed_at,
        conversation=ConversationKey("pylon_issue", bounded(issue_id)),
        version=sortable(changed_at),
    )
