"""The door of platforms whose webhook URL holds an unguessable key: the key selects exactly one integration."""

from dataclasses import dataclass

from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from core.adapter import InboundRequest, Refusal, Secrets
from core.ids import may_be_id
from core.logs import get_logger
from db.dialects import is_unavailable
from pipeline.knocks import NewKnock, note_knock
from web.ingress.admission import Credential, acknowledged, inbound_request, refuse, store
from web.ingress.live import connected_at, live_secrets
from web.services import services

log = get_logger()

door = Blueprint("keyed_ingress", __name__)


@door.post("/webhooks/<platform>/<ingest_key>")
def receive(platform: str, ingest_key: str) -> Response:
    """Stored, then acknowledged. An unknown platform, key or secret is the same 401."""
    inbound = inbound_request()
    adapter = services().adapters.get(platform) if may_be_id(platform) else None
    if adapter is None or adapter.door != "ingest_key":
        raise refuse("unknown", Refusal("ingest_key_unknown"))
    found = _at(platform, ingest_key)
    if found is None:
        raise refuse(platform, Refusal("ingest_key_unknown"))
    refusal = adapter.verify(inbound, found.secrets)
    if refusal is not None:
        _note(platform, found, inbound, refusal=refusal)
        raise refuse(platform, refusal)
    envelope, credential = adapter.envelope(inbound), Credential(integration_id=found.integration_id)
    stored = store(adapter, inbound, envelope, credential, while_waiting=envelope.is_hint and found.has_token)
    _note(platform, found, inbound, event_id=stored.event_id)
    return acknowledged()


@dataclass(frozen=True, slots=True)
class _Found:
    """The integration at this address, and what its deliveries are verified with."""

    integration_id: str
    secrets: Secrets
    has_token: bool


def _note(
    platform: str,
    found: _Found,
    inbound: InboundRequest,
    *,
    refusal: Refusal | None = None,
    event_id: str | None = None,
) -> None:
    """For the person who sets the connection up. The answer never depends on it."""
    inspector = services().inspectors.get(platform)
    if inspector is None:
        return
    findings = inspector.inspect(inbound, found.secrets, is_authentic=refusal is None)
    knock = NewKnock(found.integration_id, findings, refusal.reason if refusal else None, event_id)
    try:
        note_knock(services().database, knock, inbound.received_at)
    except SQLAlchemyError as error:
        if not is_unavailable(error):
            raise
        log.warning("knock_not_noted", integration_id=found.integration_id, reason="database_unavailable")


def _at(platform: str, ingest_key: str) -> _Found | None:
    with services().database.read() as session:
        row = connected_at(session, platform, ingest_key)
        if row is None:
            return None
        return _Found(row.id, live_secrets(row, services().clock()), row.access_token is not None)
