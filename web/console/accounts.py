"""Accounts: which customers spoke, how often and when last, and what each of them said."""

from dataclasses import dataclass, replace
from datetime import datetime

from flask import render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.taming import clean
from db import Signal
from web.console import stream
from web.console.blueprint import console
from web.console.frame import frame_of
from web.console.search import read_search
from web.console.wording import account_label
from web.services import services
from web.session import Visitor, require_role

NEWEST = 3000
"""Accounts are gathered from the newest signals, this many at most: the work stays bounded whatever was collected."""

SHOWN = 200


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A customer; ``key`` is its name, or its id when it has none."""

    key: str
    name: str
    is_named: bool
    sources: tuple[str, ...]
    count: int
    last_at: datetime


@console.get("/accounts")
@require_role()
def accounts(visitor: Visitor) -> str:
    """Every customer among the newest signals, the one that spoke last first."""
    with services().database.read() as session:
        rows, since = _accounts(session, visitor.workspace_id)
        return render_template(
            "accounts.html",
            frame=frame_of(session, visitor),
            rows=rows[:SHOWN],
            more=max(0, len(rows) - SHOWN),
            since=since,
        )


@console.get("/accounts/<path:key>")
@require_role()
def account(visitor: Visitor, key: str) -> str:
    """What a customer said, newest first, whichever source it came from; ``before`` is the cursor of an older page."""
    search = read_search({"account": key})
    with services().database.read() as session:
        page = stream.page(session, visitor.workspace_id, search, before=request.args.get("before"))
        named = next((row for row in page.rows), None)
        return render_template(
            "customer.html",
            frame=frame_of(session, visitor),
            key=clean(key),
            title=named.account if named else clean(key),
            search=search,
            page=page,
        )


def account_url(key: str) -> str:
    """The account's page; for names that a path cannot carry, the same list as a search."""
    if key.startswith((".", "/")) or "//" in key:
        return url_for("console.signals", account=key)
    return url_for("console.account", key=key)


def _accounts(session: Session, workspace_id: str) -> tuple[list[AccountRow], datetime | None]:
    """The accounts, and the moment from which on all of them are counted (None: every signal is)."""
    newest = (
        select(Signal.source, Signal.account_name, Signal.account_external_id, Signal.occurred_at)
        .where(*stream.visible(workspace_id), Signal.deleted_at.is_(None), Signal.is_trivial.is_(False))
        .order_by(Signal.occurred_at.desc(), Signal.id.desc())
        .limit(NEWEST)
        .subquery()
    )
    name, external_id, said = newest.c.account_name, newest.c.account_external_id, newest.c.occurred_at
    key = func.coalesce(name, external_id)
    grouped = select(key, newest.c.source, func.max(name), func.count(), func.max(said), func.min(said))
    parts = session.execute(grouped.group_by(key, newest.c.source)).all()
    found: dict[str, AccountRow] = {}
    for *part, _ in parts:
        if part[0] is not None:
            row = _row(*part)
            found[row.key] = _merged(found[row.key], row) if row.key in found else row
    rows = sorted(found.values(), key=lambda row: (row.last_at, row.key), reverse=True)
    is_all = sum(count for *_, count, _, _ in parts) < NEWEST
    return rows, None if is_all else min(first for *_, first in parts)


def _row(key: str, source: str, name: str | None, count: int, last_at: datetime) -> AccountRow:
    return AccountRow(key, name or account_label(source, key) or key, bool(name), (source,), count, last_at)


def _merged(one: AccountRow, other: AccountRow) -> AccountRow:
    """A customer who is heard through several sources is one."""
    sources = tuple(sorted({*one.sources, *other.sources}))
    named = one if one.is_named else other
    return replace(named, sources=sources, count=one.count + other.count, last_at=max(one.last_at, other.last_at))
