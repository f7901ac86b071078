"""The door of platforms whose webhook URL holds an unguessable key: the key selects exactly one integration."""

from flask import Blueprint, Response
from sqlalchemy.exc import SQLAlchemyError

from core.adapter import InboundRequest, Refusal, Secrets
from core.ids import may_be_id
from core.logs import get_logger
from db.dialects import is_unavailable
from pipeline.knocks import NewKnock, note_knock
from web.ingress.admission import Credential, acknowledged, inbound_request, refuse, store
from web.ingress.live import connected_at, live_secrets
from web.ingress.repeats import body_of, remember, waiting_twin
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
    found = _credential(platform, ingest_key)
    if found is None:
        raise refuse(platform, Refusal("ingest_key_unknown"))
    integration_id, secrets = found
    refusal = adapter.verify(inbound, secrets)
    if refusal is not None:
        _note(platform, integration_id, inbound, secrets, refusal=refusal)
        raise refuse(platform, refusal)
    envelope, body = adapter.envelope(inbound), body_of(integration_id, inbound.body)
    stored = None if envelope.external_id else waiting_twin(body, inbound.received_at)
    if stored is None:
        stored = store(adapter, inbound, envelope, Credential(integration_id=integration_id))
        remember(body, stored, inbound.received_at)
    _note(platform, integration_id, inbound, secrets, event_id=stored.event_id)
    return acknowledged()


def _note(
    platform: str,
    integration_id: str,
    inbound: InboundRequest,
    secrets: Secrets,
    *,
    refusal: Refusal | None = None,
    event_id: str | None = None,
) -> None:
    """For the person who sets the connection up. The answer never depends on it."""
    inspector = services().inspectors.get(platform)
    if inspector is None:
        return
    findings = inspector.inspect(inbound, secrets, is_authentic=refusal is None)
    knock = NewKnock(integration_id, findings, refusal.reason if refusal else None, event_id)
    try:
        note_knock(services().database, knock, inbound.received_at)
    except SQLAlchemyError as error:
        if not is_unavailable(error):
            raise
        log.warning("knock_not_noted", integration_id=integration_id, reason="database_unavailable")


def _credential(platform: str, ingest_key: str) -> tuple[str, Secrets] | None:
    with services().database.read() as session:
        row = connected_at(session, platform, ingest_key)
        return None if row is None else (row.id, live_secrets(row, services().clock()))
