"""Joining a workspace by an invitation, in each of the ways to prove who one is."""

from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from oauth.identities import connect, new_person, person_of
from oauth.invitations import Invited, accept, email_of
from oauth.oidc import Identity
from oauth.sessions import open_session
from web.console.sign_in import enter
from web.services import services
from web.session import session_token


def join_as(user_id: str, invitation_id: str) -> Response:
    """Somebody who is signed in joins as who they are."""
    with services().database.write() as session:
        cookie = _join(session, user_id, invitation_id)
    return enter(cookie, "/")


def join_by_link(invited: Invited) -> Response:
    """The link itself signs a new person in. An equal address makes nobody somebody who is here already."""
    with services().database.write() as session:
        user_id = new_person(session, email=invited.email, name=None, now=services().clock())
        cookie = _join(session, user_id, invited.id)
    return enter(cookie, "/")


def join_with(identity: Identity, invitation_id: str) -> Response:
    """The person of a proved identity joins; an unknown identity becomes a new person's."""
    now = services().clock()
    with services().database.write() as session:
        user_id = person_of(session, identity)
        if user_id is None:
            user_id = new_person(session, email=email_of(session, invitation_id), name=identity.name, now=now)
            connect(session, user_id=user_id, identity=identity, now=now)
        cookie = _join(session, user_id, invitation_id)
    return enter(cookie, "/")


def _join(session: Session, user_id: str, invitation_id: str) -> str:
    its, now = services(), services().clock()
    workspace_id = accept(session, invitation_id=invitation_id, user_id=user_id, now=now)
    return open_session(
        session, its.digester, user_id=user_id, workspace_id=workspace_id, now=now, replaces=session_token()
    )
