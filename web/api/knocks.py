"""``integrations/{id}/knocks``: the last deliveries at a connection's address, and what to fix in the platform."""

from dataclasses import asdict
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from core.taming import JsonObject
from db import Integration, Knock
from web.actions.knocks import KnockOutcome, heard_at
from web.api.blueprint import api
from web.api.fields import ListQuery
from web.api.rows import owned
from web.paging import cut, newest_first
from web.services import services

EXAMPLE: JsonObject = {
    "id": "kno_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "created_at": "2026-11-20T10:00:00Z", "outcome": "refused",
    "reason": "token_mismatch", "event_id": None, "signal_id": None, "event_type": None, "subject": None, "times": 1,
    "fix": "The header holds another value: copy ours into Pylon again.",
    "checks": [
        {"slug": "header_wrong", "about": "Header", "is_well": False,
         "sentence": "The header holds another value: copy ours into Pylon again."},
        {"slug": "signature_unused", "about": "Signature", "is_well": None,
         "sentence": "Pylon signs its requests: paste its secret to check them."},
    ],
}  # fmt: skip
TRIGGER: JsonObject = {
    "when": "New issue", "body": '{"event": "issue.created", "issue_id": "{{ issue.id }}"}',
}  # fmt: skip


class KnockCheck(BaseModel):
    """One thing that was looked at; `is_well` is null where it does not matter."""

    slug: str
    about: str
    is_well: bool | None
    sentence: str


class DeliveryCheck(BaseModel):
    """A delivery and how its checks went; never what it said. `fix` is null when there is nothing to do.

    `event_type` and `subject` (the issue's id or number) are null where the delivery was refused or does not tell;
    `times` counts its exact repeats.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    created_at: datetime
    checks: list[KnockCheck]
    outcome: KnockOutcome
    reason: str | None
    event_id: str | None
    signal_id: str | None
    fix: str | None
    event_type: str | None
    subject: str | None
    times: int


class TriggerBody(BaseModel):
    """A body to paste into the platform, and when it is to be sent."""

    model_config = ConfigDict(json_schema_extra={"examples": [TRIGGER]})

    when: str
    body: str


class TriggerPage(BaseModel):
    """All of them at once."""

    items: list[TriggerBody]
    next_cursor: str | None


class KnockPage(BaseModel):
    """The last deliveries, the newest first. Only the last 20 are kept."""

    items: list[DeliveryCheck]
    next_cursor: str | None


@api.get("/integrations/<integration_id>/knocks")
@api.input(ListQuery, location="query")
@api.output(KnockPage)
def list_knocks(integration_id: str, query_data: ListQuery) -> KnockPage:
    """List the last deliveries at a connection's address, refused ones included, with what to fix.

    Refused deliveries with equal checks within a second are listed once; exact repeats of an authentic one are counted.
    """
    with services().database.read() as session:
        row = owned(session, Integration, integration_id, "integration")
        query = select(Knock).where(Knock.integration_id == row.id)
        asked = newest_first(query, Knock.created_at, Knock.id, limit=query_data.limit, cursor=query_data.cursor)
        page, cursor = cut(session.scalars(asked).all(), query_data.limit, lambda knock: (knock.created_at, knock.id))
        heard = heard_at(session, row, page)
    return KnockPage(items=[DeliveryCheck(**asdict(each)) for each in heard], next_cursor=cursor)


@api.get("/integrations/<integration_id>/triggers")
@api.output(TriggerPage)
def list_triggers(integration_id: str) -> TriggerPage:
    """List the bodies that are proposed for the platform's webhooks: thin, one per event."""
    with services().database.read() as session:
        row = owned(session, Integration, integration_id, "integration")
    inspector = services().inspectors.get(row.platform)
    bodies = [TriggerBody(when=each.when, body=each.body) for each in inspector.triggers] if inspector else []
    return TriggerPage(items=bodies, next_cursor=None)
