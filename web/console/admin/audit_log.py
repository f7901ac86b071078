"""Audit log: who did what, newest first."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import Response, request, url_for
from sqlalchemy import select

from core.taming import JsonObject
from db import AuditEntry, User
from web.console.admin.blueprint import admin
from web.console.admin.forms import page
from web.console.navigation import ADMINS
from web.console.wording import humanized
from web.services import services
from web.session import Visitor, require_role

PAGE = 100
_ID = re.compile(r"[A-Za-z0-9_]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """One entry in words."""

    at: datetime
    person: str
    through_token: bool
    action: str
    target_id: str | None
    details: tuple[tuple[str, str], ...]


@admin.get("/audit-log")
@require_role(*ADMINS)
def audit_log(visitor: Visitor) -> Response:
    """The workspace's entries; ``before`` is the id that the page before ended with."""
    before = request.args.get("before", "")
    query = select(AuditEntry, User).outerjoin(User, User.id == AuditEntry.actor_id)
    query = query.where(AuditEntry.workspace_id == visitor.workspace_id)
    if _ID.fullmatch(before):
        query = query.where(AuditEntry.id < before)
    with services().database.read() as session:
        rows = session.execute(query.order_by(AuditEntry.id.desc()).limit(PAGE + 1)).all()
    older = url_for("admin.audit_log", before=rows[PAGE - 1][0].id) if len(rows) > PAGE else None
    lines = [_line(entry, person) for entry, person in rows[:PAGE]]
    return page(visitor, "audit_log.html", lines=lines, older=older, is_newest=not before)


def _line(entry: AuditEntry, person: User | None) -> Line:
    return Line(
        at=entry.created_at,
        person=(person.name or person.email) if person else "Signalbox",
        through_token="token_id" in entry.details,
        action=humanized(entry.action),
        target_id=entry.target_id,
        details=tuple(_details(entry.details)),
    )


def _details(details: JsonObject) -> Iterator[tuple[str, str]]:
    for name, value in details.items():
        if name != "token_id":
            yield humanized(name), ", ".join(map(str, value)) if isinstance(value, list) else str(value)
