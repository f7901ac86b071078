from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.digests import Digester
from db import Database, SignInLink, User, UserSession, Workspace, WorkspaceMember
from oauth.sessions import (
    SignedIn,
    find_session,
    issue_link,
    look_at,
    open_session,
    redeem_link,
    revoke,
    revoke_all,
    sessions_of,
)
from tests.conftest import StillClock


@pytest.fixture
def alice(database: Database) -> User:
    """A member of two workspaces: owner of the first, viewer of the second."""
    with database.write() as session:
        user = User(email="alice@example.com")
        session.add_all(
            [user, Workspace(id="ws_1", name="One", slug="one"), Workspace(id="ws_2", name="Two", slug="two")]
        )
        session.flush()
        session.add(WorkspaceMember(workspace_id="ws_1", user_id=user.id, role="owner"))
        session.add(WorkspaceMember(workspace_id="ws_2", user_id=user.id, role="viewer"))
    return user


@pytest.fixture
def link(database: Database, digester: Digester, clock: StillClock, alice: User) -> str:
    with database.write() as session:
        return issue_link(session, digester, user_id=alice.id, workspace_id="ws_2", now=clock())


def redeem(database: Database, digester: Digester, clock: StillClock, token: str) -> str | None:
    with database.write() as session:
        return redeem_link(session, digester, token=token, now=clock())


def find(database: Database, digester: Digester, clock: StillClock, token: str | None) -> SignedIn | None:
    return find_session(database, digester, token=token or "", now=clock())


def last_seen(database: Database) -> UserSession:
    with database.read() as session:
        return session.scalars(select(UserSession)).one()


def test_a_link_opens_a_session_in_its_workspace(
    database: Database, digester: Digester, clock: StillClock, alice: User, link: str
) -> None:
    found = find(database, digester, clock, redeem(database, digester, clock, link))
    assert found is not None
    assert (found.user_id, found.workspace_id) == (alice.id, "ws_2")
    assert found.role_in("ws_1") == "owner"
    assert found.role_in("ws_2") == "viewer"
    assert found.role_in("ws_3") is None


def test_only_digests_are_kept(database: Database, digester: Digester, clock: StillClock, link: str) -> None:
    cookie = redeem(database, digester, clock, link)
    with database.read() as session:
        kept = {session.scalars(select(SignInLink)).one().token_digest, last_seen(database).token_digest}
    assert kept.isdisjoint({link, cookie})


def test_a_link_works_once(database: Database, digester: Digester, clock: StillClock, link: str) -> None:
    assert redeem(database, digester, clock, link)
    assert redeem(database, digester, clock, link) is None


def test_of_many_at_once_one_is_let_in(database: Database, digester: Digester, clock: StillClock, link: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        cookies = list(pool.map(lambda _: redeem(database, digester, clock, link), range(24)))
    assert len([cookie for cookie in cookies if cookie]) == 1


def test_a_link_ends_after_a_day(database: Database, digester: Digester, clock: StillClock, link: str) -> None:
    clock.advance(hours=24)
    assert redeem(database, digester, clock, link) is None


def test_a_link_may_live_shorter(database: Database, digester: Digester, clock: StillClock, alice: User) -> None:
    with database.write() as session:
        token = issue_link(
            session, digester, user_id=alice.id, workspace_id=None, now=clock(), lives=timedelta(minutes=5)
        )
    clock.advance(minutes=4)
    found = find(database, digester, clock, redeem(database, digester, clock, token))
    assert found is not None
    assert found.workspace_id == "ws_1"


@pytest.mark.parametrize("token", ["", "nonsense", "\x00", "\udcff", "٣", "a" * 100_000, "%s' OR 1=1 --"])
def test_garbage_opens_nothing(database: Database, digester: Digester, clock: StillClock, token: str) -> None:
    assert redeem(database, digester, clock, token) is None
    assert find(database, digester, clock, token) is None


def test_a_link_is_no_cookie(database: Database, digester: Digester, clock: StillClock, link: str) -> None:
    assert find(database, digester, clock, link) is None


def test_a_session_ends_when_idle_for_a_week(
    database: Database, digester: Digester, clock: StillClock, link: str
) -> None:
    cookie = redeem(database, digester, clock, link)
    clock.advance(days=6, hours=23)
    assert find(database, digester, clock, cookie)
    clock.advance(days=6, hours=23)
    assert find(database, digester, clock, cookie)
    clock.advance(days=7)
    assert find(database, digester, clock, cookie) is None


def test_a_session_ends_after_thirty_days_however_busy(
    database: Database, digester: Digester, clock: StillClock, link: str
) -> None:
    cookie = redeem(database, digester, clock, link)
    for _ in range(29):
        clock.advance(days=1)
        assert find(database, digester, clock, cookie)
    clock.advance(days=1)
    assert find(database, digester, clock, cookie) is None


def test_being_seen_is_written_at_most_once_a_minute(
    database: Database, digester: Digester, clock: StillClock, link: str
) -> None:
    start = clock()
    cookie = redeem(database, digester, clock, link)
    clock.advance(seconds=59)
    find(database, digester, clock, cookie)
    assert last_seen(database).last_seen_at == start
    clock.advance(seconds=1)
    find(database, digester, clock, cookie)
    assert last_seen(database).last_seen_at == clock()


def test_a_revoked_session_is_over(database: Database, digester: Digester, clock: StillClock, link: str) -> None:
    cookie = redeem(database, digester, clock, link)
    found = find(database, digester, clock, cookie)
    assert found is not None
    with database.write() as session:
        assert revoke(session, session_id=found.session_id, now=clock())
        assert not revoke(session, session_id=found.session_id, now=clock())
    assert find(database, digester, clock, cookie) is None


def test_who_left_the_workspace_sees_another_of_theirs_or_none(
    database: Database, digester: Digester, clock: StillClock, alice: User, link: str
) -> None:
    cookie = redeem(database, digester, clock, link)
    for gone, left in (("ws_2", "ws_1"), ("ws_1", None)):
        with database.write() as session:
            session.delete(session.get_one(WorkspaceMember, (gone, alice.id)))
        found = find(database, digester, clock, cookie)
        assert found is not None
        assert found.workspace_id == left


def test_signing_in_again_ends_the_session_before(
    database: Database, digester: Digester, clock: StillClock, alice: User, link: str
) -> None:
    before = redeem(database, digester, clock, link)
    with database.write() as session:
        after = open_session(
            session, digester, user_id=alice.id, workspace_id=None, now=clock(), replaces=before or "none"
        )
    assert before != after
    assert find(database, digester, clock, before) is None
    assert find(database, digester, clock, after)


def test_a_link_that_opens_nothing_ends_nothing(
    database: Database, digester: Digester, clock: StillClock, link: str
) -> None:
    cookie = redeem(database, digester, clock, link)
    with database.write() as session:
        assert redeem_link(session, digester, token=link, now=clock(), replaces=cookie) is None
    assert find(database, digester, clock, cookie)


def test_signing_out_everywhere_ends_ones_own_sessions_only(
    database: Database, digester: Digester, clock: StillClock, alice: User
) -> None:
    with database.write() as session:
        bob = User(email="bob@example.com")
        session.add(bob)
        session.flush()
        people = (alice.id, alice.id, bob.id)
        cookies = [
            open_session(session, digester, user_id=user_id, workspace_id=None, now=clock()) for user_id in people
        ]
    with database.write() as session:
        assert len(sessions_of(session, user_id=alice.id, now=clock())) == 2
        assert revoke_all(session, user_id=alice.id, now=clock()) == 2
        assert sessions_of(session, user_id=alice.id, now=clock()) == []
    assert [find(database, digester, clock, cookie) is not None for cookie in cookies] == [False, False, True]


def test_nobody_ends_another_persons_session(
    database: Database, digester: Digester, clock: StillClock, alice: User, link: str
) -> None:
    cookie = redeem(database, digester, clock, link)
    found = find(database, digester, clock, cookie)
    assert found is not None
    with database.write() as session:
        assert not revoke(session, session_id=found.session_id, user_id="usr_bob", now=clock())
        assert revoke(session, session_id=found.session_id, user_id=alice.id, now=clock())


def test_a_session_looks_at_another_workspace(
    database: Database, digester: Digester, clock: StillClock, link: str
) -> None:
    cookie = redeem(database, digester, clock, link)
    found = find(database, digester, clock, cookie)
    assert found is not None
    with database.write() as session:
        look_at(session, session_id=found.session_id, workspace_id="ws_1")
    found = find(database, digester, clock, cookie)
    assert found is not None
    assert found.workspace_id == "ws_1"
