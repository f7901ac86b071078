"""``me``: whose token this is."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from core.taming import JsonObject
from db import ApiToken, Scope
from web.api.blueprint import api
from web.auth import caller
from web.services import services

EXAMPLE: JsonObject = {
    "workspace": {"id": "ws_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "name": "Acme", "slug": "acme"},
    "user": {"id": "usr_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "email": "dana@example.com", "name": "Dana"},
    "token": {"id": "tok_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "name": "Warehouse", "scopes": ["read"], "expires_at": None},
}  # fmt: skip


class MyWorkspace(BaseModel):
    """The workspace that the token acts in."""

    id: str
    name: str
    slug: str


class MyUser(BaseModel):
    """The person who made the token."""

    id: str
    email: str
    name: str | None


class MyToken(BaseModel):
    """The token itself, without its text."""

    id: str
    name: str
    scopes: list[Scope]
    expires_at: datetime | None


class Me(BaseModel):
    """Whose token this is."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    workspace: MyWorkspace
    user: MyUser | None
    token: MyToken


@api.get("/me")
@api.output(Me)
def show_me() -> Me:
    """Show whose token this is."""
    with services().database.read() as session:
        token = session.scalars(select(ApiToken).where(ApiToken.id == caller().token_id)).one()
        workspace, user = token.workspace, token.creator
        return Me(
            workspace=MyWorkspace(id=workspace.id, name=workspace.name, slug=workspace.slug),
            user=MyUser(id=user.id, email=user.email, name=user.name) if user else None,
            token=MyToken(id=token.id, name=token.name, scopes=token.scopes, expires_at=token.expires_at),
        )
