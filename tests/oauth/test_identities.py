from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from core.digests import Digester
from core.errors import Conflict
from db import Database, User, UserIdentity, WorkspaceMember
from oauth.bootstrap import bootstrap
from oauth.identities import connect, disconnect, identities_of, new_person, person_of
from oauth.oidc import Identity
from tests.conftest import StillClock

DANA = Identity("https://idp.example", "1", "Dana", "dana@acme.example")


@pytest.fixture
def people(database: Database, clock: StillClock) -> list[str]:
    """Two people who say that they have the same address."""
    with database.write() as session:
        return [new_person(session, email="dana@acme.example", name=None, now=clock()) for _ in range(2)]


def connected(database: Database, clock: StillClock, user_id: str, identity: Identity) -> None:
    with database.write() as session:
        connect(session, user_id=user_id, identity=identity, now=clock())


def known(database: Database, identity: Identity) -> str | None:
    with database.read() as session:
        return person_of(session, identity)


def test_equal_addresses_make_nobody_one_person(database: Database, clock: StillClock, people: list[str]) -> None:
    other = replace(DANA, subject="2")
    connected(database, clock, people[0], DANA)
    assert known(database, other) is None
    connected(database, clock, people[1], other)
    assert [known(database, DANA), known(database, other)] == people


def test_a_new_address_or_name_changes_nobody(database: Database, clock: StillClock, people: list[str]) -> None:
    connected(database, clock, people[0], DANA)
    renamed = replace(DANA, email="eli@acme.example", name="Eli")
    assert known(database, renamed) == people[0]
    connected(database, clock, people[0], renamed)
    with database.read() as session:
        user = session.get_one(User, people[0])
        assert (user.email, user.name) == ("dana@acme.example", "Dana")


@pytest.mark.parametrize("changes", [{"issuer": "https://other.example"}, {"subject": "01"}, {"subject": "1 "}])
def test_issuer_and_subject_together_are_the_key(
    database: Database, clock: StillClock, people: list[str], changes: dict[str, str]
) -> None:
    connected(database, clock, people[0], DANA)
    assert known(database, replace(DANA, **changes)) is None


def test_what_is_somebody_elses_stays_theirs(database: Database, clock: StillClock, people: list[str]) -> None:
    connected(database, clock, people[0], DANA)
    with pytest.raises(Conflict) as refused:
        connected(database, clock, people[1], DANA)
    assert refused.value.reason == "identity_taken"
    assert known(database, DANA) == people[0]


def test_of_two_at_once_one_gets_it(database: Database, clock: StillClock, people: list[str]) -> None:
    def attempt(user_id: str) -> bool:
        try:
            connected(database, clock, user_id, DANA)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(attempt, people * 8))
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(UserIdentity)) == 1


def test_only_ones_own_identity_can_be_removed(database: Database, clock: StillClock, people: list[str]) -> None:
    connected(database, clock, people[0], DANA)
    with database.read() as session:
        (row,) = identities_of(session, people[0])
    for user_id, left in ((people[1], people[0]), (people[0], None)):
        with database.write() as session:
            disconnect(session, user_id=user_id, identity_id=row.id)
        assert known(database, DANA) == left


def test_an_operator_vouches_only_for_whom_an_operator_named(
    database: Database, digester: Digester, clock: StillClock, people: list[str]
) -> None:
    """Somebody who took an invitation under another's address must not become the owner of a new workspace."""
    made = [
        bootstrap(database, digester, name="Acme", email="dana@acme.example", now=clock(), public_url="http://x")
        for _ in range(2)
    ]
    assert len({each.user_id for each in made}) == 1
    assert made[0].user_id not in people
    with database.read() as session:
        members = set(session.scalars(select(WorkspaceMember.user_id)))
    assert members == {made[0].user_id}
