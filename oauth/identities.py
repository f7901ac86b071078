"""Identities: which person a proved (issuer, subject) belongs to. Addresses decide nothing: they change hands."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.errors import Conflict
from core.ids import new_id
from db import User, UserIdentity
from db.dialects import insert_into
from oauth.oidc import Identity

NAME_LENGTH = 200


def person_of(session: Session, identity: Identity) -> str | None:
    """The id of the person that the identity was connected with; None when nobody is known by it."""
    known = UserIdentity.issuer == identity.issuer, UserIdentity.subject == identity.subject
    return session.scalar(select(UserIdentity.user_id).where(*known))


def connect(session: Session, *, user_id: str, identity: Identity, now: datetime) -> None:
    """From now on the identity is this person's. Raises ``identity_taken`` when it is somebody else's.

    The unique key decides, so that of two people at once one gets it.
    """
    row = {
        "id": new_id(UserIdentity.id_prefix),
        "user_id": user_id,
        "issuer": identity.issuer,
        "subject": identity.subject,
        "created_at": now,
    }
    session.execute(insert_into(session, UserIdentity).values(row).on_conflict_do_nothing())
    if person_of(session, identity) != user_id:
        raise Conflict("identity_taken", "Somebody else here signs in with this account already.")
    _name_if_nameless(session, user_id, identity.name)


def new_person(session: Session, *, email: str, name: str | None, now: datetime) -> str:
    """The id of a new person; an equal address of another person means nothing."""
    user = User(email=email, name=name[:NAME_LENGTH] if name else None, created_at=now)
    session.add(user)
    session.flush()
    return user.id


def identities_of(session: Session, user_id: str) -> list[UserIdentity]:
    """How else the person can sign in, oldest first."""
    query = select(UserIdentity).where(UserIdentity.user_id == user_id).order_by(UserIdentity.created_at)
    return list(session.scalars(query.order_by(UserIdentity.id)))


def disconnect(session: Session, *, user_id: str, identity_id: str) -> bool:
    """The person does not sign in with this identity any more; False when it was none of theirs."""
    theirs = UserIdentity.id == identity_id, UserIdentity.user_id == user_id
    return session.scalar(delete(UserIdentity).where(*theirs).returning(UserIdentity.id)) is not None


def _name_if_nameless(session: Session, user_id: str, name: str | None) -> None:
    user = session.get_one(User, user_id)
    if name and not user.name:
        user.name = name[:NAME_LENGTH]
