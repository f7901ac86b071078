"""A workspace's own Slack apps: a place kept for one, its credentials checked and stored, and its end."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypedDict

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.errors import Conflict, FieldError, InvalidFields
from core.ids import new_id
from db import Integration, SlackApp
from oauth.app_check import Pasted, require_right, require_well_formed
from pipeline.farewell import Farewell
from pipeline.installations.parting import part_from
from web.actions import Actor, audit, owned
from web.services import services

OLD_SECRET_LIVES = timedelta(hours=24)
ENDED = "slack_app_deleted"
KNOWN = "This Slack app is registered on this server already."
_WHAT = "Slack app"
APP_ID = re.compile(f"{SlackApp.id_prefix}_[0-9A-HJKMNP-TV-Z]{{26}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A Slack app to register. ``id`` is that of a kept place, or one that a manifest was made for."""

    name: str
    client_id: str
    client_secret: str = field(repr=False)
    signing_secret: str = field(repr=False)
    app_token: str | None = field(default=None, repr=False)
    id: str | None = None


class AppChanges(TypedDict, total=False):
    """Only what is there is changed. The old signing secret lives 24 more hours; None takes the token away."""

    name: str
    client_secret: str
    signing_secret: str
    app_token: str | None


def fresh_id() -> str:
    """An id for an app that does not exist yet: its manifest needs one, its credentials come later."""
    return new_id(SlackApp.id_prefix)


def keep_place(who: Actor, name: str) -> SlackApp:
    """A row without credentials, so that an admin can go to Slack and come back later."""
    now = services().clock()
    row = SlackApp(workspace_id=who.workspace_id, name=name, client_id="", created_at=now, updated_at=now)
    with services().database.write() as session:
        session.add(row)
        session.flush()
        audit(session, who, "slack_app.begun", row.id, {"name": name})
    return row


def register(who: Actor, given: Credentials) -> SlackApp:
    """The app, complete, after Slack said that its credentials are right. Raises `InvalidFields`, ``slack_app_exists``,
    or `StepFailed` when Slack could not be asked.
    """
    pasted = Pasted(given.client_id, given.client_secret, given.signing_secret, given.app_token)
    _refuse_foreign_id(who, given.id)
    require_well_formed(pasted)
    api_app_id = require_right(services().settings.slack_api_url, pasted)
    try:
        with services().database.write() as session:
            return _register(session, who, given, api_app_id)
    except IntegrityError as error:  # another request registered it in the meantime
        raise Conflict("slack_app_exists", KNOWN) from error


def change_app(
    who: Actor, app_id: str, changes: AppChanges, *, check: Callable[[SlackApp], None] = lambda _: None
) -> SlackApp:
    """The app, changed after Slack was asked about new credentials. ``check`` may refuse it as it is before, while
    it is locked. Raises what `register` raises.
    """
    with services().database.read() as session:
        present = owned(session, who, SlackApp, app_id, _WHAT)
    _refuse_incomplete(present, changes)
    pasted = Pasted(
        present.client_id if "client_secret" in changes else None,
        changes.get("client_secret"), changes.get("signing_secret"), changes.get("app_token"),
    )  # fmt: skip
    require_well_formed(pasted)
    api_app_id = require_right(services().settings.slack_api_url, pasted)
    with services().database.write() as session:
        row = owned(session, who, SlackApp, app_id, _WHAT, lock=True)
        check(row)
        if api_app_id is not None and row.api_app_id not in (None, api_app_id):
            raise InvalidFields([FieldError("app_token", "This token is of another Slack app.")])
        _apply(row, changes)
        row.api_app_id = row.api_app_id or api_app_id
        audit(session, who, "slack_app.changed", row.id, {"fields": [*sorted(changes)]})
    return row


def delete_app(who: Actor, app_id: str) -> int:
    """Ends the app's connections and forgets its secrets; how many connections ended. Signals stay.

    Nothing can be installed and no event comes in through it from now on. Slack is told of each installation within the
    minute, as after any disconnection.
    """
    with services().database.write() as session:
        row = owned(session, who, SlackApp, app_id, _WHAT, lock=True)
        ended = part_from(session, row, reason=ENDED, now=services().clock())
        audit(session, who, "slack_app.deleted", row.id, {"name": row.name, "connections": ended})
        session.flush()
        session.delete(row)
    services().wake(Farewell.name)
    return ended


def connected_through(app_id: str) -> ColumnElement[bool]:
    """The condition for the connections that an app carries."""
    return and_(Integration.slack_app_id == app_id, Integration.state != "disconnected")


def _register(session: Session, who: Actor, given: Credentials, api_app_id: str | None) -> SlackApp:
    row = _place(session, who, given.id)
    _refuse_known(session, row, given.client_id, api_app_id)
    row.name, row.client_id, row.api_app_id = given.name, given.client_id, api_app_id
    row.client_secret, row.signing_secret = given.client_secret, given.signing_secret
    row.app_token, row.updated_at = given.app_token, services().clock()
    audit(session, who, "slack_app.registered", row.id, {"name": given.name, "client_id": given.client_id})
    session.flush()
    return row


def _refuse_foreign_id(who: Actor, identity: str | None) -> None:
    if identity is None:
        return
    with services().database.read() as session:
        row = session.get(SlackApp, identity) if identity.isascii() and identity.isprintable() else None
    if (row is not None and row.workspace_id != who.workspace_id) or not APP_ID.fullmatch(identity):
        raise InvalidFields([FieldError("id", "This is not the id of an app that was begun here.")])
    if row is not None and row.is_complete:
        raise Conflict("slack_app_exists", "This app is registered already; change its credentials instead.")


def _place(session: Session, who: Actor, identity: str | None) -> SlackApp:
    """The row that was kept for it, locked, or a new one of that id."""
    kept = select(SlackApp).where(SlackApp.id == identity, SlackApp.workspace_id == who.workspace_id)
    row = session.scalars(kept.with_for_update()).one_or_none() if identity else None
    if row is not None and row.is_complete:
        raise Conflict("slack_app_exists", "This app is registered already; change its credentials instead.")
    if row is None:
        row = SlackApp(id=identity or fresh_id(), workspace_id=who.workspace_id, created_at=services().clock())
        session.add(row)
    return row


def _refuse_known(session: Session, row: SlackApp, client_id: str, api_app_id: str | None) -> None:
    """A Slack app has one address for its events, and its tokens one keeper."""
    same = SlackApp.client_id == client_id
    if api_app_id is not None:
        same = or_(same, SlackApp.api_app_id == api_app_id)
    with session.no_autoflush:
        known = session.scalar(select(SlackApp.id).where(same, SlackApp.id != row.id).limit(1))
    if known is not None:
        raise Conflict("slack_app_exists", KNOWN)


def _refuse_incomplete(row: SlackApp, changes: AppChanges) -> None:
    if not row.is_complete and changes.keys() - {"name"}:
        raise Conflict("slack_app_incomplete", "This app has no credentials yet: register it with all of them.")


def _apply(row: SlackApp, changes: AppChanges) -> None:
    now = services().clock()
    row.name = changes.get("name", row.name)
    row.client_secret = changes.get("client_secret", row.client_secret)
    if "app_token" in changes:
        row.app_token, row.socket_opened_at = changes["app_token"], None
    new = changes.get("signing_secret")
    if new is not None and new != row.signing_secret:
        row.previous_signing_secret, row.signing_secret = row.signing_secret, new
        row.previous_signing_secret_expires_at, row.signature_verified_at = now + OLD_SECRET_LIVES, None
    row.updated_at = now
