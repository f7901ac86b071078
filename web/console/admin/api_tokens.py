"""API tokens: made and shown once, and revoked."""

from datetime import timedelta

from flask import Response, redirect, request, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from core.errors import FieldError, InvalidFields, SignalboxError
from db import ApiToken, User
from web.actions import actor, owned, tokens
from web.api.api_tokens import NewApiToken
from web.console.admin.blueprint import admin
from web.console.admin.forms import Question, Refusal, Shown, ask, page, refusal_of, show_once, validated
from web.console.confirming import once_confirmed
from web.console.navigation import ADMINS
from web.console.resending import once_per_form
from web.services import services
from web.session import Visitor, require_role

LIVES = ("30", "90", "365")
"""Days to choose from; nothing chosen means no end."""


@admin.get("/api-tokens")
@require_role(*ADMINS)
def api_tokens(visitor: Visitor) -> Response:
    """The tokens that live, and the form for a new one."""
    return _listed(visitor)


@admin.post("/api-tokens")
@require_role(*ADMINS)
@once_per_form
def create_api_token(visitor: Visitor) -> BaseResponse:
    """Makes a token, and shows it once."""
    try:
        wanted = validated(NewApiToken, {"name": request.form.get("name", ""), "scopes": request.form.getlist("scope")})
        ends = _days()
        expires_at = services().clock() + timedelta(days=ends) if ends else None
        made = tokens.create_token(actor(visitor), wanted.name, wanted.scopes, expires_at)
    except SignalboxError as error:
        refusal, status = refusal_of(error)
        return _listed(visitor, refusal=refusal, status=status)
    return show_once(visitor, Shown(
        title=f"The token {made.row.name}", values=(("API token", made.token),), back=url_for("admin.api_tokens"),
        explanation="Copy it now: it is not shown again. Programs send it as “Authorization: Bearer …”.",
        missed="If it was not copied, revoke the token and create another.",
    ))  # fmt: skip


@admin.get("/api-tokens/<token_id>/revoke")
@require_role(*ADMINS)
def ask_to_revoke_token(visitor: Visitor, token_id: str) -> Response:
    """What revoking means."""
    with services().database.read() as session:
        row = owned(session, actor(visitor), ApiToken, token_id, "API token")
    return ask(visitor, Question(
        title=f"Revoke the token {row.name}?",
        happens=("Programs that use it are refused from now on.", "This cannot be undone."),
        button="Revoke the token", back=url_for("admin.api_tokens"),
    ))  # fmt: skip


@admin.post("/api-tokens/<token_id>/revoke")
@require_role(*ADMINS)
@once_confirmed
def revoke_token(visitor: Visitor, token_id: str) -> BaseResponse:
    """Revokes the token."""
    tokens.revoke_token(actor(visitor), token_id)
    return redirect(url_for("admin.api_tokens"), 303)


def _days() -> int | None:
    days = request.form.get("days", "")
    if days not in ("", *LIVES):
        raise InvalidFields([FieldError("days", "Choose one of the times that are offered.")])
    return int(days) if days else None


def _listed(visitor: Visitor, *, refusal: Refusal | None = None, status: int = 200) -> Response:
    query = select(ApiToken, User).outerjoin(User, User.id == ApiToken.created_by)
    query = query.where(ApiToken.workspace_id == visitor.workspace_id, ApiToken.revoked_at.is_(None))
    with services().database.read() as session:
        rows = session.execute(query.order_by(ApiToken.created_at.desc(), ApiToken.id.desc())).all()
    now = services().clock()
    return page(visitor, "api_tokens.html", status=status, rows=rows, refusal=refusal, now=now, lives=LIVES)
