"""The organisation behind an access token: proved by the platform, connected once on this server."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.adapter import Access
from core.errors import Conflict, FieldError, InvalidFields, StepFailed
from core.signal import Lookup
from core.taming import Tame
from db import Integration
from web.services import services

WHO_AM_I = Lookup("me", "")


def organisation_of(platform: str, token: str, region: str | None) -> str | None:
    """Asks the platform whose token this is (over the network: call it outside of transactions). None when the
    platform cannot be asked. Raises `InvalidFields` for a refused token, `StepFailed` when nobody answers.
    """
    client = services().lookups.get(platform)
    if client is None:
        return None
    try:
        answer = client.fetch(WHO_AM_I, Access(token, region))
    except StepFailed as failure:
        if not failure.permanent:
            raise _unreachable(platform) from failure
        sentence = f"{platform.capitalize()} refuses this token; check that it is whole, and of which region it is."
        raise InvalidFields([FieldError("access_token", sentence)]) from failure
    organisation = Tame(answer).text("id")
    if organisation is None:
        raise _unreachable(platform)
    return organisation


def refuse_if_connected(session: Session, platform: str, organisation: str, workspace_id: str) -> None:
    """Raises `Conflict` when a live connection holds this organisation already."""
    query = select(Integration.workspace_id).where(
        Integration.platform == platform,
        Integration.pylon_account_id == organisation,
        Integration.state != "disconnected",
    )
    holders = set(session.scalars(query))
    if workspace_id in holders:
        raise Conflict(f"{platform}_organisation_connected", "This workspace has connected this organisation already.")
    if holders:
        raise connected_elsewhere(platform)


def connected_elsewhere(platform: str) -> Conflict:
    """The refusal of an organisation that somebody else holds."""
    sentence = "This organisation is connected to another workspace; disconnect it there first."
    return Conflict(f"{platform}_organisation_connected_elsewhere", sentence)


def _unreachable(platform: str) -> StepFailed:
    sentence = f"{platform.capitalize()} did not answer. Try again, or connect without a token and add it later."
    return StepFailed(f"{platform}_unreachable", permanent=False, message=sentence)
