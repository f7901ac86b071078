"""``me/sessions`` and ``me/identities``: where whoever made the token is signed in, and what they can sign in with."""

from datetime import datetime

from flask import Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select

from core.errors import NotFound
from core.taming import JsonObject
from db import UserIdentity, UserSession
from oauth.identities import disconnect
from oauth.sessions import is_live, revoke, revoke_all
from web.api.blueprint import api
from web.api.fields import ListQuery
from web.api.rows import plain
from web.auth import caller
from web.paging import cut, newest_first
from web.services import services

SESSION: JsonObject = {
    "id": "ses_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "created_at": "2026-11-20T10:00:00Z",
    "last_seen_at": "2026-11-21T08:30:00Z", "expires_at": "2026-12-20T10:00:00Z",
}  # fmt: skip
IDENTITY: JsonObject = {
    "id": "idn_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "issuer": "https://accounts.example.com", "subject": "1093",
    "created_at": "2026-11-20T10:00:00Z",
}  # fmt: skip


class SignedInBrowser(BaseModel):
    """A browser that is signed in. It is signed out at `expires_at`, or before that when it is idle for a week."""

    model_config = ConfigDict(json_schema_extra={"examples": [SESSION]})

    id: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class SignedInBrowserPage(BaseModel):
    """Browsers, the one that signed in last first."""

    items: list[SignedInBrowser]
    next_cursor: str | None


class ConnectedIdentity(BaseModel):
    """An account elsewhere that signs the person in here: Slack's, or the sign-in provider's."""

    model_config = ConfigDict(json_schema_extra={"examples": [IDENTITY]})

    id: str
    issuer: str
    subject: str
    created_at: datetime


class ConnectedIdentityPage(BaseModel):
    """Identities, the newest first."""

    items: list[ConnectedIdentity]
    next_cursor: str | None


@api.get("/me/sessions")
@api.input(ListQuery, location="query")
@api.output(SignedInBrowserPage)
def list_my_sessions(query_data: ListQuery) -> SignedInBrowserPage:
    """List the browsers in which whoever made the token is signed in."""
    query = select(UserSession).where(UserSession.user_id == caller().user_id, *is_live(services().clock()))
    place = UserSession.created_at, UserSession.id
    with services().database.read() as session:
        rows = session.scalars(newest_first(query, *place, limit=query_data.limit, cursor=query_data.cursor)).all()
    page, next_cursor = cut(rows, query_data.limit, lambda row: (row.created_at, row.id))
    items = [SignedInBrowser(**plain(SignedInBrowser, row)) for row in page]
    return SignedInBrowserPage(items=items, next_cursor=next_cursor)


@api.delete("/me/sessions")
@api.doc(responses={204: "Signed out."})
def end_my_sessions() -> Response:
    """Sign whoever made the token out in every browser. API tokens go on working."""
    with services().database.write() as session:
        revoke_all(session, user_id=caller().user_id, now=services().clock())
    return Response(status=204)


@api.delete("/me/sessions/<session_id>")
@api.doc(responses={204: "Signed out."})
def end_my_session(session_id: str) -> Response:
    """Sign whoever made the token out in one browser."""
    with services().database.write() as session:
        if not revoke(session, session_id=session_id, user_id=caller().user_id, now=services().clock()):
            raise NotFound("session of yours")
    return Response(status=204)


@api.get("/me/identities")
@api.input(ListQuery, location="query")
@api.output(ConnectedIdentityPage)
def list_my_identities(query_data: ListQuery) -> ConnectedIdentityPage:
    """List the accounts elsewhere with which whoever made the token can sign in."""
    query = select(UserIdentity).where(UserIdentity.user_id == caller().user_id)
    place = UserIdentity.created_at, UserIdentity.id
    with services().database.read() as session:
        rows = session.scalars(newest_first(query, *place, limit=query_data.limit, cursor=query_data.cursor)).all()
    page, next_cursor = cut(rows, query_data.limit, lambda row: (row.created_at, row.id))
    items = [ConnectedIdentity(**plain(ConnectedIdentity, row)) for row in page]
    return ConnectedIdentityPage(items=items, next_cursor=next_cursor)


@api.delete("/me/identities/<identity_id>")
@api.doc(responses={204: "Disconnected."})
def remove_my_identity(identity_id: str) -> Response:
    """Disconnect an account; it signs nobody in from now on. Browsers stay signed in."""
    with services().database.write() as session:
        if not disconnect(session, user_id=caller().user_id, identity_id=identity_id):
            raise NotFound("identity of yours")
    return Response(status=204)
