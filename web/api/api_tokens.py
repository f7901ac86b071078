"""``api-tokens``: tokens of this API. The token itself is shown once."""

from datetime import datetime
from typing import Annotated

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from core.taming import JsonObject
from db import ApiToken as ApiTokenRow
from db import Scope
from web.actions import actor, tokens
from web.api.blueprint import api
from web.api.fields import Body, ListQuery, Moment, Name
from web.api.rows import own_page, plain
from web.auth import caller, needs

EXAMPLE: JsonObject = {
    "id": "tok_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "name": "Warehouse", "token_hint": "sbx_…x7Qk", "scopes": ["read"],
    "created_by": "usr_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "expires_at": "2027-11-20T10:00:00Z", "last_used_at": None,
    "created_at": "2026-11-20T10:00:00Z",
}  # fmt: skip


class NewApiToken(Body):
    """A token to make. It can do no more than the one that makes it, nor than the person behind that one."""

    name: Name
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=3)]
    expires_at: Moment | None = Field(default=None, description="When it stops working, in the future; default: never.")


class ApiToken(BaseModel):
    """A token, without its text."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    name: str
    token_hint: str
    scopes: list[Scope]
    created_by: str | None
    expires_at: datetime | None
    last_used_at: datetime | None
    created_at: datetime


class IssuedApiToken(ApiToken):
    """A new token: `token` is shown only this once."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE | {"token": "sbx_…"}]})

    token: str


class ApiTokenPage(BaseModel):
    """Tokens that were not revoked, the newest first."""

    items: list[ApiToken]
    next_cursor: str | None


@api.get("/api-tokens")
@needs("admin")
@api.input(ListQuery, location="query")
@api.output(ApiTokenPage)
def list_api_tokens(query_data: ListQuery) -> ApiTokenPage:
    """List the workspace's tokens."""
    rows, next_cursor = own_page(ApiTokenRow, query_data, ApiTokenRow.revoked_at.is_(None))
    return ApiTokenPage(items=[ApiToken(**plain(ApiToken, row)) for row in rows], next_cursor=next_cursor)


@api.post("/api-tokens")
@api.input(NewApiToken, example={"name": "Warehouse", "scopes": ["read"]})
@api.output(IssuedApiToken, status_code=201)
def create_api_token(json_data: NewApiToken) -> IssuedApiToken:
    """Create a token."""
    given = (json_data.name, json_data.scopes, json_data.expires_at)
    made = tokens.create_token(actor(caller()), *given, held=caller().highest_scope)
    return IssuedApiToken(**plain(ApiToken, made.row), token=made.token)


@api.delete("/api-tokens/<token_id>")
@api.doc(responses={204: "Revoked."})
def revoke_api_token(token_id: str) -> Response:
    """Revoke a token; it is refused from now on."""
    tokens.revoke_token(actor(caller()), token_id)
    return Response(status=204)
