"""Who stands before a surface: the connection of that installation, and the person's place in its workspace."""

from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.adapter import AccountKey
from core.desk import Role, Visitor
from db import Integration, UserIdentity, Workspace, WorkspaceMember
from oauth.connecting import connected_row


def find_visitor(session: Session, slack_app_id: str, account: AccountKey, issuer: str, subject: str) -> Visitor | None:
    """See `core.desk.Desk.visitor`."""
    row = _connection(session, slack_app_id, account)
    if row is None:
        return None
    member = _member(session, row.workspace_id, issuer, subject)
    return Visitor(
        workspace_id=row.workspace_id,
        workspace_name=session.get_one(Workspace, row.workspace_id).name,
        integration_id=row.id,
        account=AccountKey(row.slack_enterprise_id, row.slack_team_id),
        user_id=member.user_id if member else None,
        role=cast("Role", member.role) if member else None,
    )


def _connection(session: Session, slack_app_id: str, account: AccountKey) -> Integration | None:
    """The team's own connection, else its organisation's."""
    enterprise, team = account.enterprise_id, account.team_id
    teams = [team] if team else []
    for each in [*teams, None] if enterprise else teams:
        named = connected_row(slack_app_id, enterprise_id=enterprise, team_id=each)
        if row := session.scalars(select(Integration).where(named).order_by(Integration.id)).first():
            return row
    return None


def _member(session: Session, workspace_id: str, issuer: str, subject: str) -> WorkspaceMember | None:
    query = (
        select(WorkspaceMember)
        .join(UserIdentity, UserIdentity.user_id == WorkspaceMember.user_id)
        .where(WorkspaceMember.workspace_id == workspace_id)
        .where(UserIdentity.issuer == issuer, UserIdentity.subject == subject)
    )
    return session.scalars(query).first()
