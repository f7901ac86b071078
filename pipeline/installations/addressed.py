"""Which rows a Slack event about an installation speaks of."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.adapter import AccountKey
from core.errors import SealBroken
from db import Integration

GRID_MIGRATION = "grid_migration"
"""The ``state_reason`` of a connection whose team is being moved: events are taken, Slack is not called."""


def addressed(session: Session, slack_app_id: str, account: AccountKey) -> list[Integration]:
    """The connected rows of that installation, locked."""
    of_app = select(Integration).where(Integration.slack_app_id == slack_app_id)
    of_team = of_app.where(Integration.slack_team_id == account.team_id)
    of_organisation = of_app.where(
        Integration.slack_team_id.is_(None), Integration.slack_enterprise_id == account.enterprise_id
    )
    # An organisation's event may name one of its teams. A team that ever had a row of its own means itself.
    is_team = account.team_id is not None and session.scalar(of_team.limit(1)) is not None
    query = (of_team if is_team else of_organisation).where(Integration.state != "disconnected")
    return list(session.scalars(query.order_by(Integration.id).with_for_update()))


def token_of(row: Integration) -> str | None:
    """The row's access token; None when it has none, or one that does not open."""
    try:
        token: str | None = row.access_token
    except SealBroken:
        return None
    return token
