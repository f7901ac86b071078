from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from core.digests import Digester
from core.errors import InvalidFields
from db import ApiToken, AuditEntry, Database, User, Workspace, WorkspaceMember
from oauth.bootstrap import Bootstrapped, bootstrap
from oauth.sessions import find_session, redeem_link
from tests.conftest import StillClock


def start(
    database: Database, digester: Digester, clock: StillClock, name: str = "Acme", email: str = "dana@acme.example"
) -> Bootstrapped:
    return bootstrap(database, digester, name=name, email=email, now=clock(), public_url="https://signals.example.com/")


def test_the_owner_gets_in_and_so_does_the_program(database: Database, digester: Digester, clock: StillClock) -> None:
    made = start(database, digester, clock)
    assert made.sign_in_url.startswith("https://signals.example.com/sign-in/link/")
    with database.write() as session:
        link = made.sign_in_url.rsplit("/", 1)[-1]
        cookie = redeem_link(session, digester, token=link, now=clock())
        token = session.scalars(select(ApiToken)).one()
        entry = session.scalars(select(AuditEntry)).one()
    assert cookie
    found = find_session(database, digester, token=cookie, now=clock())
    assert found is not None
    assert (found.user_id, found.workspace_id) == (made.user_id, made.workspace_id)
    assert found.role_in(made.workspace_id) == "owner"
    assert made.api_token.startswith("sbx_")
    assert token.token_digest == digester.digest("api_token", made.api_token)
    assert (token.name, token.scopes, token.workspace_id) == ("bootstrap", ["admin"], made.workspace_id)
    assert (entry.actor_id, entry.target_id) == (made.user_id, made.workspace_id)


def test_each_time_a_new_workspace_and_the_same_person(
    database: Database, digester: Digester, clock: StillClock
) -> None:
    made = [start(database, digester, clock, email=email) for email in ("dana@acme.example", "Dana@Acme.example")]
    assert len({each.workspace_id for each in made}) == 2
    assert len({each.user_id for each in made}) == 1
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1
        assert session.scalar(select(func.count()).select_from(WorkspaceMember)) == 2


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Acme & Söhne GmbH", "acme-sohne-gmbh"), ("  Öl  ", "ol"), ("顧客", "workspace"), ("x" * 200, "x" * 60)],
)
def test_the_slug_is_made_of_the_name(
    database: Database, digester: Digester, clock: StillClock, name: str, slug: str
) -> None:
    made = [start(database, digester, clock, name=name) for _ in range(2)]
    with database.read() as session:
        first, second = (session.get_one(Workspace, each.workspace_id) for each in made)
    assert first.name == name.strip()
    assert first.slug == slug
    assert second.slug.startswith(f"{slug}-")


def test_many_at_once_all_succeed(database: Database, digester: Digester, clock: StillClock) -> None:
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda number: start(database, digester, clock, email=f"d{number}@a.example"), range(12)))
    assert len({each.workspace_id for each in made}) == 12


@pytest.mark.parametrize(
    ("name", "email", "fields"),
    [
        (" ", "dana@acme.example", ["name"]),
        ("\x00", "dana@acme.example", ["name"]),
        ("x" * 201, "dana@acme.example", ["name"]),
        ("Acme", "", ["email"]),
        ("Acme", "dana", ["email"]),
        ("Acme", "dana@", ["email"]),
        ("Acme", "dana@a b", ["email"]),
        ("Acme", "a@b@c.example", ["email"]),
        ("Acme", "Dana <dana@acme.example>", ["email"]),
        ("Acme", "da\x00na@acme.example", ["email"]),
        ("Acme", f"{'d' * 250}@acme.example", ["email"]),
        ("", "dana", ["name", "email"]),
    ],
)
def test_what_cannot_be_is_refused_by_name(
    database: Database, digester: Digester, clock: StillClock, *, name: str, email: str, fields: list[str]
) -> None:
    with pytest.raises(InvalidFields) as refusal:
        start(database, digester, clock, name, email)
    assert [error.field for error in refusal.value.errors] == fields
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Workspace)) == 0


def test_secrets_stay_out_of_the_repr(database: Database, digester: Digester, clock: StillClock) -> None:
    made = start(database, digester, clock)
    assert made.api_token not in repr(made)
    assert made.sign_in_url not in repr(made)
