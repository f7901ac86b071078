"""Changing and ending a connection: secrets are rotated with the old one still alive, the rest is replaced."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias, TypedDict, get_args

from core.adapter import Adapter
from core.errors import Conflict, FieldError, InvalidFields
from db import Integration, IntegrationConfig
from pipeline.digest import resume
from pipeline.farewell import Farewell
from pipeline.installations.lifecycle import leave
from pipeline.past.imports import import_newly_listed, listed_ids
from pipeline.process import Process
from pipeline.tokens.replaced import token_was_replaced
from web.actions import Actor, audit, owned
from web.actions.connecting import DEFAULT_HEADER, without_scheme
from web.actions.digests import refuse_shared
from web.actions.organisations import organisation_of, refuse_if_connected
from web.services import services

OLD_SECRET_LIVES = timedelta(hours=24)
Rotating: TypeAlias = Literal["webhook_secret", "header_secret", "app_secret"]
ROTATING: tuple[Rotating, ...] = get_args(Rotating)
"""The secrets that have a successor while they live: each has columns ``previous_…`` and ``previous_…_expires_at``."""
CREDENTIALS = frozenset({*ROTATING, "header_name", "access_token"})
SERVER_MANAGED = frozenset({"slack_url", "slack_learned"})
"""Parts of the configuration that are learned from the platform and kept through every change."""
_WHAT = "integration"


class Changes(TypedDict, total=False):
    """Only what is there is changed. A new secret leaves the old one alive beside it for a day; None clears both."""

    name: str
    is_active: bool
    config: IntegrationConfig
    webhook_secret: str | None
    header_secret: str | None
    header_name: str
    access_token: str | None
    app_secret: str | None


def change_integration(
    who: Actor, integration_id: str, changes: Changes, *, check: Callable[[Integration], None] = lambda _: None
) -> Integration:
    """The row, changed. ``check`` may refuse it as it is before, while it is locked. Raises `InvalidFields`,
    `Conflict`, or `StepFailed` when a new token cannot be checked.
    """
    with services().database.read() as session:
        present = owned(session, who, Integration, integration_id, _WHAT)
    platform, token = present.platform, changes.get("access_token")
    _refuse_impossible(present, changes, services().adapters.get(platform))
    organisation = organisation_of(platform, token, present.pylon_region) if token is not None else None
    with services().database.write() as session:
        row = owned(session, who, Integration, integration_id, _WHAT, lock=True)
        check(row)
        _refuse_impossible(row, changes, services().adapters.get(platform))
        if organisation is not None and organisation != row.pylon_account_id:
            refuse_if_connected(session, platform, organisation, row.workspace_id)
        digest = changes.get("config", {}).get("slack_digest")
        if digest and digest != row.config.get("slack_digest"):
            refuse_shared(session, row, digest["channel_id"], field="config.slack_digest.channel_id")
            resume(session, row.id)
        listed = listed_ids(row)
        _apply(row, changes, organisation, services().clock())
        import_newly_listed(session, row, listed, services().clock())
        if organisation is not None:
            token_was_replaced(session, row.id, services().clock())
        audit(session, who, "integration.changed", row.id, {"fields": [*sorted(changes)]})
    if organisation is not None:
        services().wake(Process.name)
    return row


def disconnect_integration(who: Actor, integration_id: str) -> Integration:
    """Stops the intake and wipes the secrets, a Slack token within the minute in which Slack is told; configuration and
    signals stay. Once is enough.
    """
    with services().database.write() as session:
        row = owned(session, who, Integration, integration_id, _WHAT, lock=True)
        if row.is_connected:
            leave(row, reason="disconnected_by_admin", now=services().clock())
            audit(session, who, "integration.disconnected", row.id, {"platform": row.platform})
    services().wake(Farewell.name)
    return row


def _refuse_impossible(row: Integration, changes: Changes, adapter: Adapter | None) -> None:
    """Raises when this connection cannot take these changes, whatever their values."""
    credentials = sorted(CREDENTIALS & changes.keys())
    if credentials and (adapter is None or adapter.door != "ingest_key"):
        raise InvalidFields(
            [FieldError(name, "This platform's own credentials are made by installing.") for name in credentials]
        )
    if not row.is_connected and (credentials or "is_active" in changes):
        raise Conflict("integration_disconnected", "This integration is disconnected; connect it again.")


def _apply(row: Integration, changes: Changes, organisation: str | None, now: datetime) -> None:
    """Writes the changes to the row. ``organisation`` is the one that a new access token proved."""
    if "name" in changes:
        row.name = changes["name"]
    if "is_active" in changes:
        row.is_active = changes["is_active"]
    if "config" in changes:
        kept: Any = {name: value for name, value in row.config.items() if name in SERVER_MANAGED}
        row.config = kept | changes["config"]
    if "access_token" in changes:
        _take_token(row, changes["access_token"], organisation)
        row.note_token_problem(None, now)
    _rotate(row, changes, now)
    row.updated_at = now


def _take_token(row: Integration, token: str | None, organisation: str | None) -> None:
    if organisation is not None and row.pylon_account_id not in (None, organisation):
        raise Conflict(
            f"{row.platform}_organisation_differs",
            "This token belongs to another organisation; connect that one as an integration of its own.",
        )
    row.access_token = token
    row.pylon_account_id = organisation or row.pylon_account_id
    if token is not None and row.state == "needs_reconnect":
        row.state, row.state_reason = "active", None


def _rotate(row: Integration, changes: Changes, now: datetime) -> None:
    if "header_name" in changes:
        row.header_name = changes["header_name"]
    if "webhook_secret" in changes:
        _replace(row, "webhook_secret", changes["webhook_secret"], now)
    if "app_secret" in changes:
        _replace(row, "app_secret", changes["app_secret"], now)
    if "header_secret" in changes:
        row.header_name = row.header_name or DEFAULT_HEADER
        _replace(row, "header_secret", without_scheme(row.header_name, changes["header_secret"]), now)
    sent = changes.keys() & {"webhook_secret", "header_secret"}
    if sent and row.webhook_secret is None and row.header_secret is None:
        field = "webhook_secret" if "webhook_secret" in sent else "header_secret"
        raise InvalidFields([FieldError(field, "One secret must remain: nobody could prove to be the platform.")])


def _replace(row: Integration, name: Rotating, new: str | None, now: datetime) -> None:
    """The one before stays alive beside a new secret; clearing ends both; the same one again changes nothing."""
    present: str | None = getattr(row, name)
    if new == present:
        return
    outlived = None if new is None else present
    setattr(row, f"previous_{name}", outlived)
    setattr(row, f"previous_{name}_expires_at", None if outlived is None else now + OLD_SECRET_LIVES)
    setattr(row, name, new)
