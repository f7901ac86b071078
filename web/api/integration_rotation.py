"""``integrations/{id}/rotate-…``: new proofs for a connection that is called. They are shown once."""

from pydantic import ConfigDict

from web.actions import actor, rotating
from web.api.blueprint import api
from web.api.integrations import EXAMPLE, SHOWN_ONCE, ConnectedIntegration, Integration, revealed, shown_fields
from web.auth import caller

_OVERLAP = {"previous_header_secret_expires_at": "2026-11-21T10:00:00Z"}
_HEADER = {name: value for name, value in SHOWN_ONCE.items() if name != "webhook_url"}


class RotatedHeader(Integration):
    """A connection with its new header token, which is shown only this once: `header_value` is what the platform must
    send in the header `header_name`.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE | _OVERLAP | _HEADER]})

    header_name: str
    header_secret: str
    header_value: str


@api.post("/integrations/<integration_id>/rotate-header")
@api.output(RotatedHeader)
@api.doc(responses={409: "The connection is disconnected."})
def rotate_integration_header(integration_id: str) -> RotatedHeader:
    """Generate a new header token. The old one lives 24 more hours."""
    made = rotating.rotate_header(actor(caller()), integration_id)
    names = ("header_name", "header_secret", "header_value")
    return RotatedHeader(**shown_fields(made.integration), **{name: getattr(made, name) for name in names})


@api.post("/integrations/<integration_id>/rotate-address")
@api.output(ConnectedIntegration)
@api.doc(responses={409: "The connection has no address, or is disconnected."})
def rotate_integration_address(integration_id: str) -> ConnectedIntegration:
    """Give a connection another webhook URL. What is sent to the old one is refused at once."""
    return revealed(rotating.rotate_address(actor(caller()), integration_id))


@api.post("/integrations/<integration_id>/end-old-secrets")
@api.output(Integration)
def end_old_integration_secrets(integration_id: str) -> Integration:
    """End the secrets that live beside the present ones, before their time."""
    return Integration(**shown_fields(rotating.end_old_secrets(actor(caller()), integration_id)))
