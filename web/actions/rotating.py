"""New proofs for a connection that is called: a header token beside the old one, another address, the old ones' end."""

import secrets
from dataclasses import dataclass, field

from core.errors import Conflict
from db import Integration
from web.actions import Actor, audit, owned
from web.actions.connecting import Connected, address_of, header_value
from web.actions.integrations import ROTATING, change_integration
from web.services import services

_WHAT = "integration"


@dataclass(frozen=True, slots=True)
class HeaderToken:
    """A connection with its new header token, at the moment of its making."""

    integration: Integration
    header_name: str
    header_secret: str = field(repr=False)

    @property
    def header_value(self) -> str:
        """What the platform must send in the header."""
        return header_value(self.header_name, self.header_secret)


def rotate_header(who: Actor, integration_id: str) -> HeaderToken:
    """A generated token for the secret header; the old one lives 24 more hours. Raises as `change_integration`."""
    secret = secrets.token_urlsafe(32)
    row = change_integration(who, integration_id, {"header_secret": secret})
    return HeaderToken(row, row.header_name or "", secret)


def rotate_address(who: Actor, integration_id: str) -> Connected:
    """Another unguessable address; the old one ends at once. Raises `Conflict` for a connection without one."""
    key = services().digester.issue("ingest_key")
    with services().database.write() as session:
        row = owned(session, who, Integration, integration_id, _WHAT, lock=True)
        if row.ingest_key_digest is None:
            raise Conflict("integration_without_address", "This connection has no address, or is disconnected.")
        row.ingest_key_digest, row.updated_at = key.digest, services().clock()
        audit(session, who, "integration.address_rotated", row.id)
    return Connected(row, address_of(row.platform, key.token), None, None)


def end_old_secrets(who: Actor, integration_id: str) -> Integration:
    """From now on only the present secrets count."""
    with services().database.write() as session:
        row = owned(session, who, Integration, integration_id, _WHAT, lock=True)
        for name in ROTATING:
            setattr(row, f"previous_{name}", None)
            setattr(row, f"previous_{name}_expires_at", None)
        row.updated_at = services().clock()
        audit(session, who, "integration.old_secrets_ended", row.id)
    return row
