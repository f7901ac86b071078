"""What every door does: the request as it came, the refusal, and the commit before the acknowledgement."""

from dataclasses import dataclass, replace

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from core.adapter import Adapter, Envelope, InboundRequest, Refusal
from core.errors import Unauthenticated
from core.logs import get_logger
from pipeline.receive import Arrival, Stored
from web.services import services

MAX_BODY_BYTES = 1024 * 1024

log = get_logger()


@dataclass(frozen=True, slots=True)
class Credential:
    """The row whose secrets a request is verified with; exactly one is set."""

    slack_app_id: str | None = None
    integration_id: str | None = None
    webhook_key_id: str | None = None


def inbound_request() -> InboundRequest:
    """The present request, body unread by anybody else. Raises 413 above the limit, whether or not the sender said
    how long the body is (a chunked one would otherwise be cut at the limit without a word).
    """
    headers = {name.lower(): value for name, value in request.headers.items()}
    request.max_content_length = MAX_BODY_BYTES + 1
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    body = request.get_data(cache=True)
    if len(body) > MAX_BODY_BYTES:
        raise RequestEntityTooLarge
    return InboundRequest(headers, body, services().clock())


def refuse(platform: str, refusal: Refusal) -> Unauthenticated:
    """The error of a request that is not authentic: nothing of it is parsed, stored or logged but the reason."""
    log.info("inbound_refused", platform=platform, reason=refusal.reason)
    return Unauthenticated(refusal.reason, "The request could not be authenticated.")


def store(
    adapter: Adapter,
    inbound: InboundRequest,
    envelope: Envelope,
    credential: Credential,
    *,
    while_waiting: bool = False,
) -> Stored:
    """Commits the event; raises the database's error (503) when it could not. ``while_waiting`` as in `Arrival`."""
    coming = arrival(adapter, inbound, envelope, credential)
    return services().inbox.store(replace(coming, while_waiting=while_waiting))


def arrival(adapter: Adapter, inbound: InboundRequest, envelope: Envelope, credential: Credential) -> Arrival:
    """An authentic request on its way into the inbox."""
    return Arrival(
        platform=adapter.platform,
        type=envelope.type,
        payload=inbound.body,
        received_at=inbound.received_at,
        external_id=envelope.external_id,
        failed=envelope.malformed,
        subject=envelope.subject,
        slack_app_id=credential.slack_app_id,
        integration_id=credential.integration_id,
        webhook_key_id=credential.webhook_key_id,
    )


def acknowledged() -> Response:
    """Stored: 200 and nothing to say about the outcome."""
    return Response(status=200, mimetype="text/plain")
