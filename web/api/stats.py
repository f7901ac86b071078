"""``stats``: how much was said, and whether everything that arrived has been processed."""

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from core.taming import JsonObject
from web.actions.backlog import backlog
from web.actions.daily_counts import counts_by_day
from web.api.blueprint import api
from web.api.fields import Query
from web.auth import caller
from web.services import services

LONGEST_DAYS = 90
EXAMPLE: JsonObject = {
    "days": [{"day": "2026-11-20", "source": "slack", "signals": 42}],
    "pending": 0, "failed": 1, "complete_up_to": "2026-11-20T10:00:00Z",
}  # fmt: skip


class StatsQuery(Query):
    """How far back."""

    days: int = Field(default=30, ge=1, le=LONGEST_DAYS, description="How many days, today (UTC) included.")


class DayCount(BaseModel):
    """Signals of one source that were said on one day (UTC)."""

    day: date
    source: str
    signals: int


class Stats(BaseModel):
    """How much was said, oldest day first, days without signals left out, and the state of what arrived. Counts of more
    than 10,000 signals may be a minute old.

    `pending` events wait, `failed` ones could not be processed in the last 24 hours; both are counted up to 1001.
    Everything that was received before `complete_up_to` has been processed.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    days: list[DayCount]
    pending: int
    failed: int
    complete_up_to: datetime


@api.get("/stats")
@api.input(StatsQuery, location="query")
@api.output(Stats)
def show_stats(query_data: StatsQuery) -> Stats:
    """Count signals by day and source, and events that wait or failed."""
    now, workspace_id = services().clock(), caller().workspace_id
    with services().database.read() as session:
        counts = counts_by_day(session, workspace_id, now, query_data.days)
        state = backlog(session, workspace_id, now)
    days = [DayCount(day=day, source=source, signals=count) for (day, source), count in sorted(counts.items())]
    return Stats(days=days, pending=state.waiting, failed=state.failed, complete_up_to=state.complete_up_to)
