"""How many signals were said each day, by source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from web.actions.daily_counts import Counts, counts_by_day

DAYS = 30


@dataclass(frozen=True, slots=True)
class Bar:
    """One source's part of one day in the chart: ``top`` and ``height`` in percent of the chart."""

    source: str
    count: int
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Day:
    """One day, in UTC, and its parts from the bottom up."""

    day: date
    total: int
    bars: tuple[Bar, ...]

    def count(self, source: str) -> int:
        """How many signals of this source."""
        return next((bar.count for bar in self.bars if bar.source == source), 0)


@dataclass(frozen=True, slots=True)
class Daily:
    """The last days, oldest first; ``totals`` by source, largest first; ``most`` on one day."""

    days: tuple[Day, ...]
    totals: tuple[tuple[str, int], ...]
    total: int
    most: int


def daily(session: Session, workspace_id: str, now: datetime) -> Daily:
    """The last thirty days, today included."""
    return _drawn(counts_by_day(session, workspace_id, now, DAYS), now.date())


def _drawn(counts: Counts, today: date) -> Daily:
    totals: dict[str, int] = {}
    for (_, source), count in counts.items():
        totals[source] = totals.get(source, 0) + count
    ordered = tuple(sorted(totals.items(), key=lambda item: (-item[1], item[0])))
    sources = [source for source, _ in ordered]
    dates = [today - timedelta(days=back) for back in reversed(range(DAYS))]
    most = max(sum(counts.get((day, source), 0) for source in sources) for day in dates)
    days = tuple(_day(day, [(source, counts.get((day, source), 0)) for source in sources], most) for day in dates)
    return Daily(days, ordered, sum(totals.values()), most)


def _day(day: date, parts: Sequence[tuple[str, int]], most: int) -> Day:
    bars, top = [], 100.0
    for source, count in parts:
        if count:
            height = 100 * count / most
            top -= height
            bars.append(Bar(source, count, round(top, 2), round(height, 2)))
    return Day(day, sum(count for _, count in parts), tuple(bars))
