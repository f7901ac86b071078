"""How long the server takes for each page and each list of the API among a million signals, and what a page weighs.

Requests go through the whole application in this process, without a network. The floor is ``/livez``, which says that
the process lives and nothing else. The weight of a page is that of a first visit: the compressed HTML, its style
sheets, scripts and pictures.
"""

import argparse
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from flask import Flask
from flask.testing import FlaskClient
from rich.console import Console
from rich.table import Table
from sqlalchemy import select

from app import Parts, create_app
from bench.corpus import ARRIVED, JAPANESE, word
from bench.databases import KINDS, migrated
from bench.loading import load, tenants
from bench.timing import WARM_UP, Times, Watch, percentile
from core.clock import utc_now
from core.settings import Settings
from db import Conversation, Database, Event, Receipt, Signal
from oauth.bootstrap import Bootstrapped, bootstrap

FLOOR = "/livez"
MOST_MS, MOST_BYTES = 50, 100_000
BLUEPRINTS = ("console", "admin", "account", "api")
UNSEEN = ("export", "stream", "static", "vendored", "docs", "openapi", "welcome")
"""Rules whose name holds one of these are no pages or lists."""

_LINKED = re.compile(r'(?:<link[^>]+href|<script[^>]+src|<img[^>]+src)="(/[^"]+)"')


def main(arguments: Sequence[str]) -> None:
    """``python -m bench pages [--rows N] [--times N] [--days N] [--database sqlite|postgresql]``."""
    parser = argparse.ArgumentParser(prog="python -m bench pages", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--days", type=int, default=730, help="over how many days the signals are spread")
    parser.add_argument("--database", choices=KINDS, action="append")
    asked = parser.parse_args(arguments)
    for kind in asked.database or KINDS:
        with migrated(kind) as database:
            site = Site(database)
            load(database, tenants(database, asked.rows, asked.days, first=site.made.workspace_id))
            measure(site, kind, asked.times)


@dataclass(frozen=True)
class Site:
    """An installation with one workspace, its owner signed in, at the time of the corpus."""

    database: Database

    @cached_property
    def app(self) -> Flask:
        """The whole application."""
        settings = Settings(
            database_url=self.database.url, secret_key="bench", encryption_keys=(bytes(32),), log_level="ERROR"
        )
        began = utc_now()
        parts = Parts(settings, clock=lambda: ARRIVED + (utc_now() - began))
        vars(parts)["database"] = self.database
        return create_app(parts=parts)

    @cached_property
    def made(self) -> Bootstrapped:
        """The workspace."""
        its = self.app.extensions["signalbox"]
        return bootstrap(
            self.database, its.digester, name="Bench", email="bench@bench.example", now=its.clock(), public_url=""
        )

    @cached_property
    def browser(self) -> FlaskClient:
        """The owner's."""
        browser = self.app.test_client()
        browser.get(self.made.sign_in_url)
        return browser


def measure(site: Site, kind: str, times: int) -> None:
    """Prints one table."""
    watch, bearer = Watch(site.database), {"Authorization": f"Bearer {site.made.api_token}"}
    table = Table(
        "route", "p50 ms", "p95 ms", "p50 CPU ms", "p95 CPU ms", "p95 / floor", "HTML or JSON kB", "first visit kB", "",
        title=kind,
    )  # fmt: skip
    floor = percentile(_timed(site, watch, [FLOOR] * times, {})[0].processor, 0.95)
    for name, paths in _routes(site, times):
        headers = bearer if name.startswith("/api/") else {}
        taken, size, weight = _timed(site, watch, paths, headers)
        p95 = percentile(taken.processor, 0.95)
        verdict = " ".join(["slow"] * (p95 > MOST_MS) + ["heavy"] * (weight > MOST_BYTES))
        sizes = [f"{each / 1000:.1f}" for each in (size, weight)]
        table.add_row(name, *taken.shown(), f"{p95 / floor:.1f}", *sizes, verdict)
    Console(width=150).print(table)


def _timed(site: Site, watch: Watch, paths: Sequence[str], headers: Mapping[str, str]) -> tuple[Times, int, int]:
    """How long the answers took, and the bytes of the largest, alone and with what it links to."""
    taken, size, weight = Times(), 0, 0
    for path in paths[:WARM_UP]:
        site.browser.get(path, headers=headers)
    for path in paths:
        get = partial(site.browser.get, path, headers={"Accept-Encoding": "gzip", **headers})
        answer = watch.time(taken, get)
        if answer.status_code not in (200, 204):
            raise RuntimeError(f"{path} answered {answer.status_code}: {answer.get_data(as_text=True)[:300]}")
        if len(answer.data) > size:
            size = len(answer.data)
            weight = size + sum(_weight(site, linked) for linked in _linked(site, path, headers))
    return taken, size, weight


def _linked(site: Site, path: str, headers: Mapping[str, str]) -> set[str]:
    return set(_LINKED.findall(site.browser.get(path, headers=headers).get_data(as_text=True)))


def _weight(site: Site, path: str) -> int:
    return len(site.browser.get(path, headers={"Accept-Encoding": "gzip"}, buffered=True).data)


def _routes(site: Site, times: int) -> Iterator[tuple[str, list[str]]]:
    """Every page and list there is, then those that need an id or are asked for something."""
    for rule in sorted(site.app.url_map.iter_rules(), key=str):
        blueprint, _, name = rule.endpoint.rpartition(".")
        is_seen = blueprint in BLUEPRINTS and not any(word in name for word in UNSEEN)
        if is_seen and not rule.arguments and "GET" in (rule.methods or ()) and not rule.rule.endswith("/new"):
            yield rule.rule, [rule.rule] * times
    yield from ((name, [make(random.Random(number)) for number in range(times)]) for name, make in _asked(site))


def _asked(site: Site) -> Iterator[tuple[str, partial[str]]]:
    workspace_id = site.made.workspace_id
    with site.database.read() as session:
        own = select(Signal.id).where(Signal.workspace_id == workspace_id).order_by(Signal.occurred_at.desc())
        signals = session.scalars(own.limit(500)).all()
        conversations = session.scalars(
            select(Conversation.id).where(Conversation.workspace_id == workspace_id).limit(500)
        ).all()
        events = session.scalars(
            select(Event.id).join(Receipt).where(Receipt.workspace_id == workspace_id).limit(500)
        ).all()
    for name, prefix, ids in (
        ("/signals/<id>", "/signals/", signals), ("/conversations/<id>", "/conversations/", conversations),
        ("/events/<id>", "/events/", events), ("/api/v1/signals/<id>", "/api/v1/signals/", signals),
        ("/api/v1/conversations/<id>", "/api/v1/conversations/", conversations),
        ("/api/v1/events/<id>", "/api/v1/events/", events),
    ):  # fmt: skip
        yield name, partial(_one_of, prefix, ids)
    for name, start in (("/signals", "/signals?"), ("/api/v1/signals", "/api/v1/signals?")):
        for kind, query in _queries().items():
            yield f"{name}?{kind}", partial(_query, start, query)
    yield "/signals/new", partial(_query, "/signals/new?", {"cursor": ["2026-11-20T00:59:50.000000Z~"]})
    yield "/accounts/<key>", partial(_one_of, "/accounts/", [f"Account {number}" for number in range(50)])
    yield "/events?state=failed", partial(_query, "/events?", {"state": ["failed"]})
    yield "/api/v1/events?state=failed", partial(_query, "/api/v1/events?", {"state": ["failed"]})


def _queries() -> dict[str, dict[str, Sequence[str]]]:
    words = [word(rank) for rank in (1, 3, 30, 300, 9_000)] + [JAPANESE[:2], "nowhere"]
    return {
        "q": {"q": words},
        "q, by relevance": {"q": words, "sort": ["relevance"]},
        "account": {"account": [f"account {number}" for number in (0, 7, 70, 700)]},
        "a day": {"since": ["2026-03-01"], "until": ["2026-03-01"]},
        "status": {"status": ["archived", "linked"]},
    }


def _query(start: str, choices: Mapping[str, Sequence[str]], chance: random.Random) -> str:
    is_api = start.startswith("/api/")
    chosen = {name: chance.choice(values) for name, values in choices.items()}
    times = {"since": "T00:00:00Z", "until": "T23:59:59Z"} if is_api else {}
    return start + "&".join(f"{name}={value}{times.get(name, '')}" for name, value in chosen.items())


def _one_of(prefix: str, ids: Sequence[str], chance: random.Random) -> str:
    return prefix + chance.choice(ids)
