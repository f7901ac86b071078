"""``signalbox doctor``: one sentence for each thing that an installation stands on, and the fix where it is wrong."""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock
from core.errors import SealBroken
from core.settings import PREFIX, Settings
from db import Database
from db.migrate import current_revision, head_revision
from db.resealing import column_of, key_id_of, outdated, sealed_models
from web.doctor_slack_apps import stored_slack_apps
from web.findings import Finding

MOST_SKEW_SECONDS = 60
"""Slack refuses nothing, but we refuse Slack: requests that seem older than five minutes are not authentic."""

LEAST_FREE_BYTES = 512 * 1024 * 1024
SLACK_SECONDS = 5


def examine(settings: Settings, database: Database, clock: Clock) -> Iterator[Finding]:
    """Everything, in order. Without its database, what asks it is left out."""
    yield Finding("settings", "ok", f"{settings.env}, all of them can be used")
    yield _public_url(settings)
    yield _disk(settings)
    yield _slack_app(settings)
    yield from _slack_clock(settings, clock)
    reachable = _database(database)
    yield reachable
    if reachable.verdict == "ok":
        checks: tuple[Callable[[], Finding], ...] = (
            lambda: _migrations(database),
            lambda: _database_clock(database, clock),
            lambda: _keyring(database),
        )
        for check in checks:
            yield check()
        yield from stored_slack_apps(database)


def _public_url(settings: Settings) -> Finding:
    if settings.has_https:
        return Finding("public url", "ok", settings.public_url)
    host = urlsplit(settings.public_url).hostname or ""
    if not settings.is_production and (host in ("localhost", "::1") or host.startswith("127.")):
        return Finding("public url", "note", f"{settings.public_url} is reached from this machine only: no real Slack")
    sentence = f"{settings.public_url} is not https: set {PREFIX}PUBLIC_URL to the address of a proxy that ends TLS"
    return Finding("public url", "problem", sentence)


def _disk(settings: Settings) -> Finding:
    """Of the folder that the database or, beside PostgreSQL, the process lives in."""
    folder = Path() if settings.is_postgresql else Path(settings.database_url.removeprefix("sqlite:///")).parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    sentence = f"{free / 1e9:.1f} GB are free at {folder.resolve()}"
    if free < LEAST_FREE_BYTES:
        return Finding("disk", "problem", f"{sentence}: events cannot be stored when it is full; make room")
    return Finding("disk", "ok", sentence)


def _slack_app(settings: Settings) -> Finding:
    if not settings.slack_client_id:
        return Finding(
            "slack app", "note", f"none in the settings: workspaces bring their own, or set {PREFIX}SLACK_CLIENT_ID"
        )
    wanted = {
        "SLACK_CLIENT_SECRET": settings.slack_client_secret,
        "SLACK_SIGNING_SECRET": settings.slack_signing_secret,
    }
    missing = [f"{PREFIX}{name}" for name, value in wanted.items() if not value]
    if missing:
        return Finding("slack app", "problem", f"incomplete: set {' and '.join(missing)}")
    known = settings.slack_app_id or "its id is learned from the first installation"
    return Finding("slack app", "ok", f"client {settings.slack_client_id} ({known})")


def _slack_clock(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Our clock against Slack's, whose signatures we check: within five minutes, or every event is refused."""
    if not settings.slack_client_id:
        return
    try:
        told = httpx.post(f"{settings.slack_api_url}api.test", timeout=SLACK_SECONDS).headers.get("date", "")
        skew = (clock() - parsedate_to_datetime(told)).total_seconds()
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, TypeError) as error:
        yield Finding(
            "slack's clock", "note", f"{settings.slack_api_url} did not tell the time ({type(error).__name__})"
        )
        return
    yield _skew("slack's clock", skew, "requests of Slack are refused as too old from 300 seconds on")


def _skew(subject: str, seconds: float, consequence: str) -> Finding:
    if abs(seconds) <= MOST_SKEW_SECONDS:
        return Finding(subject, "ok", f"within {max(1, round(abs(seconds)))} s of this machine's")
    way = "ahead" if seconds > 0 else "behind"
    sentence = f"this machine's is {abs(seconds):.0f} s {way} of it: {consequence}; let NTP set the clock"
    return Finding(subject, "problem", sentence)


def _database(database: Database) -> Finding:
    kind = "PostgreSQL" if database.is_postgresql else "SQLite"
    try:
        with database.read() as session:
            session.execute(select(1))
    except SQLAlchemyError as error:
        cause = type(getattr(error, "orig", None) or error).__name__
        return Finding("database", "problem", f"{kind} cannot be reached ({cause}): check {PREFIX}DATABASE_URL")
    return Finding("database", "ok", f"{kind} answers")


def _migrations(database: Database) -> Finding:
    at, needed = current_revision(database), head_revision()
    if at == needed:
        return Finding("migrations", "ok", f"at {at}, as this version needs")
    return Finding("migrations", "problem", f"at {at or 'none'}, {needed} is needed: run  signalbox db upgrade")


def _database_clock(database: Database, clock: Clock) -> Finding:
    if not database.is_postgresql:
        return Finding("database's clock", "ok", "this machine's own")
    with database.read() as session:
        told: datetime = session.scalars(select(func.clock_timestamp())).one()
    return _skew("database's clock", (clock() - told).total_seconds(), "work falls due at the wrong time")


def _keyring(database: Database) -> Finding:
    """One value of each key in each column is opened: a key that is missing shows, however rarely it was used."""
    try:
        opened, broken = _samples(database)
        older = outdated(database)
    except SQLAlchemyError:
        return Finding("keyring", "problem", "the sealed columns cannot be read: bring the schema up to date first")
    if broken:
        sentence = f"{broken[0]} Put the key back into {PREFIX}ENCRYPTION_KEYS, or connect anew."
        return Finding("keyring", "problem", sentence)
    if older:
        return Finding("keyring", "note", f"{older} values are under older keys: run  signalbox rotate-keys")
    return Finding("keyring", "ok", f"opens {opened} samples" if opened else "nothing is sealed yet")


def _samples(database: Database) -> tuple[int, list[str]]:
    """How many values were opened, and what is wrong with those that were not."""
    opened, broken = 0, []
    with database.read() as session:
        for model, fields in sealed_models():
            for each in fields:
                column = column_of(model, each)
                for key_id in session.scalars(select(key_id_of(column)).where(column.is_not(None)).distinct()).all():
                    row = session.scalars(select(model).where(key_id_of(column) == key_id).limit(1)).first()
                    try:
                        opened += getattr(row, each.name) is not None
                    except SealBroken as error:
                        broken.append(error.message)
    return opened, broken
