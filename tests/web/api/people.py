"""People of a workspace, and tokens that are theirs."""

from datetime import datetime

from core.digests import Digester
from db import ApiToken, Database, Role, Scope, User, WorkspaceMember


def add_member(database: Database, workspace_id: str, name: str, role: Role) -> str:
    """A person in the workspace."""
    with database.write() as session:
        user = User(email=f"{name}@example.com", name=name.title())
        session.add(user)
        session.flush()
        session.add(WorkspaceMember(workspace_id=workspace_id, user_id=user.id, role=role))
    return user.id


def add_token(
    database: Database,
    digester: Digester,
    workspace_id: str,
    user_id: str,
    *scopes: Scope,
    ends: datetime | None = None,
) -> str:
    """A token's text."""
    issued = digester.issue("api_token", "sbx_")
    with database.write() as session:
        row = ApiToken(
            workspace_id=workspace_id, created_by=user_id, name="a token", token_digest=issued.digest,
            token_hint=issued.hint, scopes=list(scopes), expires_at=ends,
        )  # fmt: skip
        session.add(row)
    return issued.token
