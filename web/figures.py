"""The figures behind ``/metrics``: what this server's processes counted, and what the rows say of the work.

prometheus-client decides when it is imported whether processes share their counters, so only `web.metrics` imports this
module, in the process that serves: https://prometheus.github.io/client_python/multiprocess/.
"""

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, literal, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.clock import Clock
from core.tally import count_calls, count_events
from db import Database, Duty, Event, Import, Integration, Pause, Receipt
from db.dialects import is_unavailable
from db.stream import Lane
from web.server import METRICS_FOLDER

RECENT_EVENTS = 10_000
"""Outcomes are counted among the newest events, this many at most: a scrape costs the same however much came in."""

MOST_WAITING = 10_000
"""Longer backlogs are shown as this many and one."""

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Figures:
    """One process's counters; with ``PROMETHEUS_MULTIPROC_DIR`` set, all processes of the server share them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._own = CollectorRegistry()
        self._rows = _Rows(database, clock)
        self.durations = Histogram(
            "signalbox_request_duration_seconds", "Time to the first byte of an answer.", ["method", "route", "status"],
            buckets=BUCKETS, registry=self._own,
        )  # fmt: skip
        self.inbound = Counter(
            "signalbox_inbound_requests", "Requests at the doors for events.", ["platform", "outcome"],
            registry=self._own,
        )  # fmt: skip
        count_work(self._own)
        self.streams = Gauge(
            "signalbox_streams", "Open streams of signals.", multiprocess_mode="livesum", registry=self._own
        )

    def text(self) -> bytes:
        """Everything in Prometheus' text format."""
        registry = CollectorRegistry()
        if folder := os.environ.get(METRICS_FOLDER):
            _bury_dead(Path(folder))
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no type there
            counted = generate_latest(registry)
        else:
            counted = generate_latest(self._own)
        rows = CollectorRegistry()
        rows.register(self._rows)
        return counted + generate_latest(rows)


def count_work(registry: CollectorRegistry | None = None) -> None:
    """From now on this process counts its calls to platforms and what it processes, for whoever shares the folder."""
    calls = Counter(
        "signalbox_platform_calls", "Calls to platforms by how they went; slack_rate_limited ones wait.",
        ["platform", "method", "outcome"], registry=registry,
    )  # fmt: skip
    events = Counter(
        "signalbox_processed_events", "Events that were processed, by the state in which they ended.",
        ["platform", "state"], registry=registry,
    )  # fmt: skip
    count_calls(lambda *labels: calls.labels(*labels).inc())
    count_events(lambda platform, state, number: events.labels(platform, state).inc(number))


class _Rows(Collector):
    """What the rows say: the same whichever process, or machine, is asked."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing: registering asks no database."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The figures of now; without the database, only that it is away."""
        up = GaugeMetricFamily("signalbox_database_up", "Whether the database answers.")
        try:
            with self._database.read() as session:
                found = [
                    *self._backlog(session), _recent(session), _integrations(session), _token_problems(session),
                    _pauses(session, self._clock()), _imports(session),
                    *_due_work(session, self._clock()),
                ]  # fmt: skip
        except SQLAlchemyError as error:
            if not is_unavailable(error):
                raise
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield from (up, *found)

    def _backlog(self, session: Session) -> Iterator[GaugeMetricFamily]:
        waiting = GaugeMetricFamily("signalbox_backlog_events", "Events that wait, up to 10001.", labels=["lane"])
        age = GaugeMetricFamily(
            "signalbox_backlog_age_seconds", "How long the event that is most overdue is due.", labels=["lane"]
        )
        for lane in get_args(Lane):
            pending = (Event.state == "pending", Event.lane == lane)
            some = select(Event.id).where(*pending).limit(MOST_WAITING + 1).subquery()
            waiting.add_metric([lane], session.scalar(select(func.count()).select_from(some)) or 0)
            due_at = session.scalar(select(func.min(Event.due_at)).where(*pending))
            age.add_metric([lane], max(0.0, (self._clock() - due_at).total_seconds()) if due_at else 0)
        yield waiting
        yield age


def _recent(session: Session) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "signalbox_recent_events", "The newest 10000 events by what became of them, once per workspace.",
        labels=["platform", "outcome"],
    )  # fmt: skip
    newest = select(Event.id, Event.platform, Event.state).order_by(Event.received_at.desc(), Event.id.desc())
    events = newest.limit(RECENT_EVENTS).subquery()
    outcome = func.coalesce(Receipt.outcome, events.c.state)
    counted = select(events.c.platform, outcome, func.count()).outerjoin(Receipt, Receipt.event_id == events.c.id)
    for platform, what, count in session.execute(counted.group_by(events.c.platform, outcome)):
        family.add_metric([platform, what], count)
    return family


def _integrations(session: Session) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "signalbox_integrations", "Connections by platform and state.", labels=["platform", "state"]
    )
    columns = (Integration.platform, Integration.state)
    for platform, state, count in session.execute(select(*columns, func.count()).group_by(*columns)):
        family.add_metric([platform, state], count)
    return family


def _token_problems(session: Session) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "signalbox_token_problems", "Connections whose token makes trouble, by reason.", labels=["platform", "reason"]
    )
    columns = (Integration.platform, Integration.refresh_problem)
    troubled = (Integration.state != "disconnected", Integration.token_problem_since.is_not(None))
    for platform, reason, count in session.execute(select(*columns, func.count()).where(*troubled).group_by(*columns)):
        family.add_metric([platform, reason or ""], count)
    return family


def _pauses(session: Session, now: datetime) -> GaugeMetricFamily:
    family = GaugeMetricFamily(
        "signalbox_platform_pauses",
        "Owners whose calls wait, as the platform asked.",
        labels=["endpoint"],
    )
    query = select(Pause.endpoint, func.count()).where(Pause.until > now).group_by(Pause.endpoint)
    for endpoint, count in session.execute(query):
        family.add_metric([endpoint], count)
    return family


def _imports(session: Session) -> GaugeMetricFamily:
    family = GaugeMetricFamily("signalbox_imports", "Imports by state.", labels=["state"])
    for state, count in session.execute(select(Import.state, func.count()).group_by(Import.state)):
        family.add_metric([state], count)
    return family


def _due_work(session: Session, now: datetime) -> Iterator[GaugeMetricFamily]:
    """Imports and duties that wait for somebody to do their next step: read from the index of what is due."""
    due = GaugeMetricFamily("signalbox_due_work", "Imports and duties that are due, by kind.", labels=["kind"])
    age = GaugeMetricFamily(
        "signalbox_due_work_age_seconds", "How long the one that is most overdue is due.", labels=["kind"]
    )
    imports = select(literal("import"), func.count(), func.min(Import.due_at)).where(Import.due_at <= now)
    duties = select(Duty.kind, func.count(), func.min(Duty.due_at)).where(Duty.due_at <= now).group_by(Duty.kind)
    for query in (imports, duties):
        for kind, count, oldest in session.execute(query):
            due.add_metric([kind], count)
            age.add_metric([kind], (now - oldest).total_seconds() if oldest else 0)
    yield due
    yield age


def _bury_dead(folder: Path) -> None:
    """A process that died has no open streams any more; what it counted stays."""
    for path in folder.glob("gauge_live*_*.db"):
        pid = path.stem.rpartition("_")[2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
