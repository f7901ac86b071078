"""``integrations``: the workspace's connections to platforms. Secrets go in and never come out."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeAlias

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from core.taming import JsonObject
from db import Integration as IntegrationRow
from db import IntegrationState
from pipeline.past.completeness import complete_until_each
from pipeline.tokens.health import token_health
from web.actions import actor
from web.actions import integrations as actions
from web.actions.connecting import Connected, connect, is_limited
from web.api import connecting
from web.api.blueprint import api
from web.api.connecting import NewIntegration
from web.api.etags import has_etag, require_match, tagged
from web.api.fields import ListQuery
from web.api.integration_changes import IntegrationChanges
from web.api.integration_config import ShownConfig, shown
from web.api.rows import own_page, owned, plain
from web.auth import caller
from web.services import services

EXAMPLE: JsonObject = {
    "id": "int_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "platform": "pylon", "name": "Support", "state": "active",
    "state_reason": None, "is_active": True, "config": {"pylon_events": ["issue.created", "message.created"]},
    "slack_team_id": None, "slack_team_name": None, "scopes": [], "token_expires_at": None,
    "token_refreshed_at": None, "token_problem": None, "token_problem_since": None,
    "pylon_account_id": "3f0c8a52-7d0f-4f6e-9a43-1f0f4f0f9f11", "pylon_region": "us", "is_limited": False,
    "previous_webhook_secret_expires_at": None, "previous_header_secret_expires_at": None,
    "previous_app_secret_expires_at": None, "complete_until": "2026-11-20T14:32:00Z",
    "installed_at": "2026-11-20T10:00:00Z", "last_used_at": None, "created_at": "2026-11-20T10:00:00Z",
}  # fmt: skip
SHOWN_ONCE: JsonObject = {
    "webhook_url": "https://signalbox.example.com/webhooks/pylon/vK3x…", "header_name": "Authorization",
    "header_secret": "q8Jm…", "header_value": "Bearer q8Jm…",
}  # fmt: skip


IfGenerated: TypeAlias = Annotated[str | None, Field(exclude_if=lambda value: value is None)]


class Integration(BaseModel):
    """A connection, without its secrets."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    platform: str
    name: str
    state: IntegrationState
    state_reason: str | None
    is_active: bool
    config: ShownConfig
    slack_team_id: str | None
    slack_team_name: str | None
    scopes: list[str]
    token_expires_at: datetime | None
    token_refreshed_at: datetime | None = Field(description="When the present token came, by installing or renewing.")
    token_problem: str | None = Field(
        description="Why it could not be renewed the last time, or why the platform refuses it; see docs/reasons.md."
    )
    token_problem_since: datetime | None
    pylon_account_id: str | None
    pylon_region: str | None
    is_limited: bool = Field(description="It has no API token: only what the deliveries themselves say is read.")
    previous_webhook_secret_expires_at: datetime | None
    previous_header_secret_expires_at: datetime | None
    previous_app_secret_expires_at: datetime | None
    complete_until: datetime | None = Field(
        description="Nothing that was said before it is missing: gaps were looked for, and closed."
    )
    installed_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime


class ConnectedIntegration(Integration):
    """A new connection: what to type into the platform. The header's secret is shown only this once, and only if
    it was generated here; `header_value` is what the platform must send in that header.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE | SHOWN_ONCE]})

    webhook_url: str
    header_name: IfGenerated = None
    header_secret: IfGenerated = None
    header_value: IfGenerated = None


class IntegrationPage(BaseModel):
    """Connections, the newest first; disconnected ones stay listed."""

    items: list[Integration]
    next_cursor: str | None


@api.get("/integrations")
@api.input(ListQuery, location="query")
@api.output(IntegrationPage)
def list_integrations(query_data: ListQuery) -> IntegrationPage:
    """List the workspace's connections."""
    rows, next_cursor = own_page(IntegrationRow, query_data)
    return IntegrationPage(items=[Integration(**each) for each in shown_fields_of(rows)], next_cursor=next_cursor)


@api.post("/integrations")
@api.input(NewIntegration, example=connecting.EXAMPLE)
@api.output(ConnectedIntegration, status_code=201)
@api.doc(responses={409: "Connected elsewhere, or connected in another way.", 424: "The platform did not answer."})
def connect_integration(json_data: NewIntegration) -> ConnectedIntegration:
    """Connect a platform that sends webhooks, such as Pylon.

    Slack is connected by a link instead: see `POST /slack/install-links`.
    """
    return revealed(connect(actor(caller()), json_data.wanted()))


@api.get("/integrations/<integration_id>")
@has_etag
@api.output(Integration)
def show_integration(integration_id: str) -> Integration:
    """Show a connection."""
    with services().database.read() as session:
        return tagged(Integration(**shown_fields(owned(session, IntegrationRow, integration_id, "integration"))))


@api.patch("/integrations/<integration_id>")
@has_etag
@api.input(IntegrationChanges, example={"is_active": False})
@api.output(Integration)
@api.doc(responses={409: "Disconnected, or another organisation's token.", 424: "The platform did not answer."})
def change_integration(integration_id: str, json_data: IntegrationChanges) -> Integration:
    """Rename, pause or configure a connection, or rotate its secrets.

    `config` replaces the whole configuration.
    """
    row = actions.change_integration(
        actor(caller()),
        integration_id,
        json_data.changes(),
        check=lambda row: require_match(Integration(**shown_fields(row))),
    )
    return tagged(Integration(**shown_fields(row)))


@api.delete("/integrations/<integration_id>")
@api.doc(responses={204: "Disconnected."})
def disconnect_integration(integration_id: str) -> Response:
    """Disconnect: secrets are wiped and intake stops; configuration and signals stay."""
    actions.disconnect_integration(actor(caller()), integration_id)
    return Response(status=204)


def shown_fields(row: IntegrationRow) -> dict[str, Any]:
    """What `Integration` shows of a row."""
    (fields,) = shown_fields_of([row])
    return fields


def shown_fields_of(rows: Sequence[IntegrationRow]) -> Iterator[dict[str, Any]]:
    """`shown_fields` of several rows, for one look at how far they are complete."""
    with services().database.read() as session:
        complete = complete_until_each(session, [row.id for row in rows])
    for row in rows:
        health = token_health(row, services().clock())
        given = {"config": shown(row.config), "is_limited": is_limited(row), "complete_until": complete.get(row.id)}
        given |= {"token_refreshed_at": health.refreshed_at, "token_problem": health.problem}
        given |= {"token_problem_since": health.problem_since}
        yield plain(Integration, row, given=given)


def revealed(connected: Connected) -> ConnectedIntegration:
    """The connection with what is shown only now."""
    return ConnectedIntegration(
        **shown_fields(connected.integration),
        webhook_url=connected.webhook_url,
        header_name=connected.header_name,
        header_secret=connected.header_secret,
        header_value=connected.header_value,
    )
