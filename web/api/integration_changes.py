"""Changing a connection: secrets are rotated with the old one still alive, the rest is replaced."""

from datetime import datetime

from core.adapter import Adapter
from core.errors import Conflict, FieldError, InvalidFields
from db import Integration
from web.api.connecting import DEFAULT_HEADER, without_scheme
from web.api.fields import Body, HeaderName, Name, Secret, optional
from web.api.integration_config import IntegrationConfig

CREDENTIALS = frozenset({"webhook_secret", "header_secret", "header_name", "access_token"})


class IntegrationChanges(Body):
    """Only what is sent is changed. A new secret leaves the old one alive beside it; null clears a secret."""

    name: Name = optional()
    is_active: bool = optional()
    config: IntegrationConfig = optional()
    webhook_secret: Secret | None = optional()
    header_secret: Secret | None = optional()
    header_name: HeaderName = optional()
    access_token: Secret | None = optional()


def refuse_impossible(row: Integration, changes: IntegrationChanges, adapter: Adapter | None) -> None:
    """Raises when this connection cannot take these changes, whatever their values."""
    credentials = sorted(CREDENTIALS & changes.model_fields_set)
    if credentials and (adapter is None or adapter.door != "ingest_key"):
        raise InvalidFields(
            [FieldError(name, "This platform's own credentials are made by installing.") for name in credentials]
        )
    if not row.is_connected and (credentials or "is_active" in changes.model_fields_set):
        raise Conflict("integration_disconnected", "This integration is disconnected; connect it again.")


def apply(row: Integration, changes: IntegrationChanges, organisation: str | None, now: datetime) -> None:
    """Writes the changes to the row. ``organisation`` is the one that a new access token proved."""
    sent = changes.model_fields_set
    if "name" in sent:
        row.name = changes.name
    if "is_active" in sent:
        row.is_active = changes.is_active
    if "config" in sent:
        row.config = changes.config.stored(row.config)
    if "access_token" in sent:
        _take_token(row, changes.access_token, organisation)
    _rotate(row, changes)
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


def _rotate(row: Integration, changes: IntegrationChanges) -> None:
    sent = changes.model_fields_set
    if "header_name" in sent:
        row.header_name = changes.header_name
    if "webhook_secret" in sent:
        row.previous_webhook_secret = _previous(row.webhook_secret, row.previous_webhook_secret, changes.webhook_secret)
        row.webhook_secret = changes.webhook_secret
    if "header_secret" in sent:
        row.header_name = row.header_name or DEFAULT_HEADER
        secret = without_scheme(row.header_name, changes.header_secret)
        row.previous_header_secret = _previous(row.header_secret, row.previous_header_secret, secret)
        row.header_secret = secret
    if sent & {"webhook_secret", "header_secret"} and row.webhook_secret is None and row.header_secret is None:
        field = "webhook_secret" if "webhook_secret" in sent else "header_secret"
        raise InvalidFields([FieldError(field, "One secret must remain: nobody could prove to be the platform.")])


def _previous(present: str | None, before: str | None, new: str | None) -> str | None:
    """What stays alive beside the new secret; sending the present one again changes nothing."""
    if new is None:
        return None
    return before if new == present else present
