"""Connecting a platform that calls us: an unguessable address, and a secret that every call must prove."""

import secrets
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.errors import Conflict, FieldError, InvalidFields
from db import Integration, IntegrationConfig
from db.sealed import holds
from web.actions import Actor, audit
from web.actions.organisations import connected_elsewhere, organisation_of, refuse_if_connected
from web.services import services

Region: TypeAlias = Literal["us", "eu"]

DEFAULT_HEADER = "Authorization"
OTHER_WAYS = {
    "slack_app": ("use_install_link", "Slack is connected by Add to Slack: POST /api/v1/slack/install-links."),
    "webhook_key": ("use_webhook_keys", "Generic webhooks need no connection: POST /api/v1/webhook-keys."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A connection to make. Without any secret of its own, a header secret is generated."""

    platform: str
    name: str
    pylon_region: Region | None = None
    access_token: str | None = field(default=None, repr=False)
    webhook_secret: str | None = field(default=None, repr=False)
    header_secret: str | None = field(default=None, repr=False)
    header_name: str | None = None
    config: IntegrationConfig = field(default_factory=IntegrationConfig)


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection at the moment of its making: the address, and the header's secret if we made it."""

    integration: Integration
    webhook_url: str = field(repr=False)
    header_name: str | None
    header_secret: str | None = field(repr=False)

    @property
    def header_value(self) -> str | None:
        """What the platform must send in the header."""
        return None if self.header_secret is None else header_value(self.header_name or "", self.header_secret)


def header_value(name: str, secret: str) -> str:
    """What a header of this name must hold to prove this secret."""
    return f"Bearer {secret}" if name.lower() == "authorization" else secret


def address_of(platform: str, ingest_key: str) -> str:
    """Where the platform sends to."""
    return f"{services().settings.public_url}/webhooks/{platform}/{ingest_key}"


def connect(who: Actor, wanted: Wanted) -> Connected:
    """Stores the connection. Raises `InvalidFields`, `Conflict`, or `StepFailed` when the token cannot be checked."""
    _refuse_other_doors(wanted)
    region = _region(wanted)
    token = wanted.access_token
    organisation = organisation_of(wanted.platform, token, region) if token is not None else None
    key = services().digester.issue("ingest_key")
    generated = None if wanted.webhook_secret or wanted.header_secret else secrets.token_urlsafe(32)
    header_secret = generated or wanted.header_secret
    header_name = wanted.header_name or (DEFAULT_HEADER if header_secret else None)
    now = services().clock()
    row = Integration(
        workspace_id=who.workspace_id, platform=wanted.platform, name=wanted.name,
        ingest_key_digest=key.digest, webhook_secret=wanted.webhook_secret,
        header_name=header_name, header_secret=without_scheme(header_name, header_secret),
        access_token=token, pylon_account_id=organisation, pylon_region=region, config=wanted.config,
        created_by=who.user_id, installed_at=now, created_at=now, updated_at=now,
    )  # fmt: skip
    try:
        with services().database.write() as session:
            _store(session, who, row, organisation)
    except IntegrityError as error:  # another request connected the same organisation in the meantime
        raise connected_elsewhere(wanted.platform) from error
    return Connected(row, address_of(wanted.platform, key.token), header_name if generated else None, generated)


def is_limited(row: Integration) -> bool:
    """Whether the platform could be asked for more than it sends, if there were a token."""
    return (
        row.is_connected
        and row.ingest_key_digest is not None
        and row.platform in services().lookups
        and not holds(row, "access_token")
    )


def without_scheme(header_name: str | None, secret: str | None) -> str | None:
    """The secret alone: in Authorization it is sent as ``Bearer <secret>`` and may have been pasted so."""
    if secret is None or (header_name or "").lower() != "authorization":
        return secret
    scheme, _, rest = secret.partition(" ")
    return rest.strip() if scheme.lower() == "bearer" and rest.strip() else secret


def _refuse_other_doors(wanted: Wanted) -> None:
    adapters = services().adapters
    adapter = adapters.get(wanted.platform)
    if adapter is None:
        known = ", ".join(sorted(name for name, adapter in adapters.items() if adapter.door == "ingest_key"))
        raise InvalidFields([FieldError("platform", f"There is no such platform here. Known: {known}.")])
    if adapter.door != "ingest_key":
        raise Conflict(*OTHER_WAYS[adapter.door])


def _region(wanted: Wanted) -> Region | None:
    if wanted.platform == "pylon":
        return wanted.pylon_region or "us"
    if wanted.pylon_region is not None:
        raise InvalidFields([FieldError("pylon_region", "Only Pylon has regions.")])
    return None


def _store(session: Session, who: Actor, row: Integration, organisation: str | None) -> None:
    if organisation is not None:
        refuse_if_connected(session, row.platform, organisation, row.workspace_id)
    session.add(row)
    session.flush()
    audit(session, who, "integration.connected", row.id, {"platform": row.platform})
