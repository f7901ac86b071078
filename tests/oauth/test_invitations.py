from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.digests import Digester
from core.errors import Conflict, SignalboxError
from db import AuditEntry, Database, Invitation, WorkspaceMember
from oauth.identities import new_person
from oauth.invitations import Invited, accept, find_invitation
from tests.conftest import StillClock
from tests.oauth.conftest import Tenant

Invite = Callable[..., str]


@pytest.fixture
def invite(database: Database, digester: Digester, clock: StillClock, acme: Tenant) -> Invite:
    def make(role: str = "member") -> str:
        issued = digester.issue("invitation")
        with database.write() as session:
            session.add(
                Invitation(
                    workspace_id=acme.workspace_id,
                    invited_by=acme.owner,
                    email="new@acme.example",
                    role=role,
                    token_digest=issued.digest,
                    created_at=clock(),
                    expires_at=clock() + timedelta(days=7),
                )
            )
        return issued.token

    return make


@pytest.fixture
def look(database: Database, digester: Digester, clock: StillClock) -> Callable[[str], Invited | None]:
    def looking(token: str) -> Invited | None:
        with database.read() as session:
            return find_invitation(session, digester, token=token, now=clock())

    return looking


def taken(database: Database, clock: StillClock, invitation_id: str, user_id: str | None = None) -> str:
    with database.write() as session:
        user_id = user_id or new_person(session, email="new@acme.example", name=None, now=clock())
        accept(session, invitation_id=invitation_id, user_id=user_id, now=clock())
        return user_id


def test_the_link_says_where_it_leads(look: Callable[[str], Invited], invite: Invite, acme: Tenant) -> None:
    invited = look(invite("admin"))
    assert (invited.workspace_id, invited.workspace_name) == (acme.workspace_id, "acme")
    assert (invited.email, invited.role, invited.state) == ("new@acme.example", "admin", "open")


@pytest.mark.parametrize("token", ["", "x", "\x00", "\udcff", "a" * 10_000])
def test_garbage_is_no_invitation(look: Callable[[str], Invited | None], invite: Invite, token: str) -> None:
    invite()
    assert look(token) is None


def test_who_accepts_is_a_member_with_its_role(
    database: Database, clock: StillClock, look: Callable[[str], Invited], invite: Invite
) -> None:
    token = invite("viewer")
    invited = look(token)
    user_id = taken(database, clock, invited.id)
    with database.read() as session:
        assert session.get_one(WorkspaceMember, (invited.workspace_id, user_id)).role == "viewer"
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.actor_id, entry.target_id) == ("invitation.accepted", user_id, invited.id)
    assert look(token).state == "accepted"


def test_of_many_at_once_one_gets_in(
    database: Database, clock: StillClock, look: Callable[[str], Invited], invite: Invite
) -> None:
    invited = look(invite())

    def attempt(_: int) -> str:
        try:
            taken(database, clock, invited.id)
        except Conflict as refused:
            return refused.reason
        return "in"

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(attempt, range(16))) == ["in", *["invitation_over"] * 15]


@pytest.mark.parametrize("state", ["expired", "revoked"])
def test_after_its_end_it_opens_nothing(
    database: Database, clock: StillClock, look: Callable[[str], Invited], invite: Invite, state: str
) -> None:
    token = invite()
    if state == "expired":
        clock.advance(days=7)
    else:
        with database.write() as session:
            session.scalars(select(Invitation)).one().revoked_at = clock()
    invited = look(token)
    assert invited.state == state
    with pytest.raises(SignalboxError) as refused:
        taken(database, clock, invited.id)
    assert refused.value.reason == "invitation_over"
    assert look(token).state == state


def test_a_member_uses_nothing_up_and_keeps_their_role(
    database: Database, clock: StillClock, look: Callable[[str], Invited], invite: Invite, acme: Tenant
) -> None:
    token = invite("owner")
    with pytest.raises(Conflict) as refused:
        taken(database, clock, look(token).id, acme.member)
    assert refused.value.reason == "already_member"
    assert look(token).state == "open"
    with database.read() as session:
        assert session.get_one(WorkspaceMember, (acme.workspace_id, acme.member)).role == "member"
