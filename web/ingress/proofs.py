"""What an authentic request of a Slack app proves: that the signing secret is right, and which app it is."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import update

from core.adapter import InboundRequest, Secrets
from core.logs import get_logger
from db import SlackApp
from web.services import Services

log = get_logger()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an app. ``unproved`` is its present signing secret, as long as nothing came signed with it."""

    id: str
    api_app_id: str | None
    as_of: datetime
    unproved: str | None = field(repr=False)


def learn(of: Services, app: Known, inbound: InboundRequest) -> None:
    """Keeps what this authentic request proves for the first time; later ones write nothing."""
    adapter = of.adapters["slack"]
    if app.unproved and adapter.verify(inbound, Secrets(signing=(app.unproved,))) is None:
        proved = update(SlackApp).where(SlackApp.id == app.id, SlackApp.signature_verified_at.is_(None))
        proved = proved.where(SlackApp.updated_at == app.as_of)  # the secret was not replaced meanwhile
        with of.database.write() as session:
            session.execute(proved.values(signature_verified_at=inbound.received_at))
        log.info("slack_app_verified", slack_app_id=app.id)
    is_event = inbound.headers.get("content-type", "").lower().startswith("application/json")
    if app.api_app_id is None and is_event and (named := adapter.envelope(inbound).app_id):
        unnamed = update(SlackApp).where(SlackApp.id == app.id, SlackApp.api_app_id.is_(None))
        with of.database.write() as session:
            session.execute(unnamed.values(api_app_id=named))
