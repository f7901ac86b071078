"""The door of platforms whose webhook URL holds an unguessable key: the key selects exactly one integration."""

from flask import Blueprint, Response
from sqlalchemy import select

from core.adapter import Refusal, Secrets
from core.ids import may_be_id
from db import Integration
from web.ingress.admission import Credential, acknowledged, inbound_request, refuse, store
from web.services import services

door = Blueprint("keyed_ingress", __name__)


@door.post("/webhooks/<platform>/<ingest_key>")
def receive(platform: str, ingest_key: str) -> Response:
    """Stored, then acknowledged. An unknown platform, key or secret is the same 401."""
    inbound = inbound_request()
    adapter = services().adapters.get(platform) if may_be_id(platform) else None
    if adapter is None or adapter.door != "ingest_key":
        raise refuse("unknown", Refusal("ingest_key_unknown"))
    found = _credential(platform, ingest_key)
    if found is None:
        raise refuse(platform, Refusal("ingest_key_unknown"))
    integration_id, secrets = found
    refusal = adapter.verify(inbound, secrets)
    if refusal is not None:
        raise refuse(platform, refusal)
    store(adapter, inbound, adapter.envelope(inbound), Credential(integration_id=integration_id))
    return acknowledged()


def _credential(platform: str, ingest_key: str) -> tuple[str, Secrets] | None:
    digest = services().digester.digest("ingest_key", ingest_key)
    query = select(Integration).where(
        Integration.ingest_key_digest == digest, Integration.platform == platform, Integration.state != "disconnected"
    )
    with services().database.read() as session:
        row = session.scalars(query).one_or_none()
        if row is None:
            return None
        signing = (row.webhook_secret, row.previous_webhook_secret)
        header = (row.header_secret, row.previous_header_secret)
        return row.id, Secrets(
            signing=tuple(secret for secret in signing if secret),
            header_name=row.header_name,
            header=tuple(secret for secret in header if secret),
        )
