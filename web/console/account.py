"""A person's own pages: how they sign in, where they are signed in, which workspace they look at, and a new one."""

from flask import Blueprint, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from core.errors import Forbidden, InvalidFields, NotFound, SignalboxError
from db import User, Workspace, WorkspaceMember
from oauth.departures import Purpose
from oauth.identities import disconnect, identities_of
from oauth.providers import ProviderName, offered
from oauth.sessions import SESSION_LIVES, SignedIn, look_at, revoke, revoke_all, sessions_of
from oauth.workspaces import create_workspace, may_create
from web.console.account_rows import Choice, Switching, identity_row, session_row
from web.console.confirming import once_confirmed
from web.console.frame import Frame, frame_of
from web.console.openid import send_to
from web.console.problems import refused
from web.console.resending import form_key
from web.console.sign_in import leave
from web.once import mark_done, was_done
from web.services import services
from web.session import require_person, signed_in, visitor_of

account = Blueprint("account", __name__)
account.register_error_handler(SignalboxError, refused)

_NOT_YOURS = "Only an owner of a workspace can create another one. Ask an owner, or ask to be invited elsewhere."


@account.get("/account")
@require_person
def show(person: SignedIn) -> str:
    """The person's identities and sessions."""
    its, now = services(), services().clock()
    with its.database.read() as session:
        return render_template(
            "account.html",
            frame=_frame(session, person),
            user=session.get_one(User, person.user_id),
            identities=[identity_row(each, its.settings) for each in identities_of(session, person.user_id)],
            sessions=[
                session_row(each, person.session_id) for each in sessions_of(session, user_id=person.user_id, now=now)
            ],
            providers=offered(session, its.settings),
        )


@account.post("/account/identities/<any(slack, oidc):name>")
@require_person
def connect(person: SignedIn, name: ProviderName) -> Response:
    """Off to the provider, to connect who comes back with who is signed in."""
    return send_to(name, Purpose(connects=person.user_id))


@account.post("/account/identities/<identity_id>/remove")
@require_person
@once_confirmed
def remove_identity(person: SignedIn, identity_id: str) -> Response:
    """The person does not sign in with that account any more."""
    with services().database.write() as session:
        disconnect(session, user_id=person.user_id, identity_id=identity_id)
    return redirect(url_for("account.show"), 303)


@account.post("/account/sessions/<session_id>/end")
@require_person
@once_confirmed
def end_session(person: SignedIn, session_id: str) -> Response:
    """Signs the person out in one other browser."""
    with services().database.write() as session:
        revoke(session, session_id=session_id, user_id=person.user_id, now=services().clock())
    return redirect(url_for("account.show"), 303)


@account.post("/account/sign-out-everywhere")
@require_person
@once_confirmed
def sign_out_everywhere(person: SignedIn) -> Response:
    """Ends every session of the person, this one too."""
    with services().database.write() as session:
        revoke_all(session, user_id=person.user_id, now=services().clock())
    return leave()


@account.post("/switch")
@require_person
def switch(person: SignedIn) -> Response:
    """From now on the browser looks at ``workspace``. Other people's workspaces are not there."""
    workspace_id = request.form.get("workspace", "")
    if person.role_in(workspace_id) is None:
        raise NotFound("workspace of yours")
    with services().database.write() as session:
        look_at(session, session_id=person.session_id, workspace_id=workspace_id)
    return redirect("/", 303)


@account.get("/welcome")
@require_person
def welcome(person: SignedIn) -> str:
    """The form for a new workspace."""
    with services().database.read() as session:
        if not may_create(session, person.user_id):
            raise Forbidden("workspace_creation_forbidden", _NOT_YOURS)
        return render_template("welcome.html", frame=_frame(session, person), name="", problem="")


@account.post("/welcome")
@require_person
def create(person: SignedIn) -> Response | tuple[str, int]:
    """A new workspace that the person owns, and a look at it."""
    name = request.form.get("name", "")
    try:
        with services().database.write() as session:
            made = _made_once(session, person.user_id, name)
            look_at(session, session_id=person.session_id, workspace_id=made)
    except InvalidFields as error:
        problem = f"The name {error.errors[0].message}."
        with services().database.read() as session:
            frame = _frame(session, person)
        return render_template("welcome.html", frame=frame, name=name[:300], problem=problem), 422
    return redirect("/", 303)


def _made_once(session: Session, user_id: str, name: str) -> str:
    """The new workspace, or the one that the same form made before: forms of one person wait for each other."""
    session.get_one(User, user_id, with_for_update=True)
    key = form_key()
    mine = session.scalars(select(WorkspaceMember.workspace_id).where(WorkspaceMember.user_id == user_id)).all()
    made = was_done(session, mine, key)
    if made is None:
        made = create_workspace(session, name=name, user_id=user_id, now=services().clock())
        mark_done(session, made, key, SESSION_LIVES)
    return made


@account.app_template_global()
def switching() -> Switching:
    """What the switcher offers to the signed-in person: the workspaces, by name, and whether to make another."""
    person = signed_in()
    if person is None:
        return Switching((), may_create=False)
    with services().database.read() as session:
        query = select(Workspace.id, Workspace.name).where(Workspace.id.in_(person.roles))
        rows = session.execute(query.order_by(Workspace.name, Workspace.id)).all()
    choices = tuple(Choice(row.id, row.name, row.id == person.workspace_id) for row in rows)
    return Switching(choices, may_create=not rows or "owner" in person.roles.values())


def _frame(session: Session, person: SignedIn) -> Frame | None:
    visitor = visitor_of(person)
    return frame_of(session, visitor) if visitor else None
