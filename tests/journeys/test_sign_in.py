"""Stories of people who come in over HTTP: by a link, by an invitation, and back with Slack or single sign-on."""

import re
from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.journeys.site import Site, Tenant


class Person:
    """A browser with its cookies, which follows where it is sent."""

    def __init__(self, site: Site) -> None:
        self.http = httpx.Client(base_url=site.base_url, follow_redirects=True, timeout=20)

    def post(self, path: str, **form: str) -> httpx.Response:
        """Sends a form of ours; where the answer is a page that leads on to a provider, goes there and back."""
        token = re.search(r'name="csrf_token" value="([^"]*)"', self.http.get("/account").text)
        answer = self.http.post(path, data={"csrf_token": token[1] if token else "", **form})
        leads_on = answer.headers.get("Refresh", "")
        return self.http.get(leads_on.removeprefix("0; url=")) if leads_on else answer

    @property
    def session(self) -> str | None:
        """The session's cookie."""
        return self.http.cookies.get("signalbox_session")

    def is_in(self) -> bool:
        """Whether the server lets them in."""
        return self.http.get("/account").url.path == "/account"


Come = Callable[[], Person]


@pytest.fixture
def come(site: Site) -> Iterator[Come]:
    """Somebody with a browser of their own."""
    people: list[Person] = []

    def coming() -> Person:
        people.append(Person(site))
        return people[-1]

    yield coming
    for person in people:
        person.http.close()


@pytest.mark.usefixtures("cast")
@pytest.mark.parametrize("provider", ["slack", "oidc"])
def test_who_came_by_link_connects_an_account_and_comes_back_with_it(come: Come, tenant: Tenant, provider: str) -> None:
    first = come()
    assert first.http.get(tenant.sign_in_url).url.path == "/"
    before = first.session
    assert come().http.get(tenant.sign_in_url).status_code == 410, "a link works once"
    assert first.post(f"/account/identities/{provider}").url.path == "/account"
    assert first.session == before

    elsewhere = come()
    assert elsewhere.http.get(f"/sign-in/{provider}?next=/signals").url.path == "/signals"
    assert elsewhere.session not in (None, before)
    again = elsewhere.session
    assert elsewhere.http.get(f"/sign-in/{provider}").status_code == 200
    assert elsewhere.session != again, "every sign-in has a session of its own"
    stale = come()
    stale.http.cookies.set("signalbox_session", str(again))
    assert not stale.is_in(), "and ends the one before"

    assert first.post("/account/sign-out-everywhere", confirmed="1").url.path == "/sign-in"
    assert not elsewhere.is_in(), "revoked on the server, not only in the browser"
    identity = _identity(elsewhere, provider)
    assert elsewhere.post(f"/account/identities/{identity}/remove", confirmed="1").url.path == "/account"
    assert come().http.get(f"/sign-in/{provider}").status_code == 403, "nobody is known by it any more"


@pytest.mark.usefixtures("cast")
def test_an_invitation_brings_in_whoever_proves_an_identity(come: Come, tenant: Tenant) -> None:
    invited = tenant.post("invitations", {"email": "new@acme.example", "role": "viewer"})
    dana = come()
    path = httpx.URL(invited["url"]).path
    assert dana.post(path, **{"with": "oidc"}).url.path == "/"
    assert dana.http.get("/members").status_code == 403
    members = {member["role"]: member for member in tenant.get("members")["items"]}
    assert members["viewer"]["name"] == "Dana Reyes"
    assert come().http.get(path).status_code == 410
    with tenant.api as api:
        assert api.delete(f"members/{members['viewer']['user_id']}").status_code == 204
    assert dana.http.get("/").url.path == "/welcome", "in no workspace any more, at the next click"
    identity = _identity(dana, "oidc")
    dana.post(f"/account/identities/{identity}/remove", confirmed="1")


def _identity(known: Person, provider: str) -> str:
    """Signs in again if need be, and reads the id of the connected account from the account page."""
    if not known.is_in():
        known.http.get(f"/sign-in/{provider}")
    found = re.search(r"/account/identities/(idn_\w+)/remove", known.http.get("/account").text)
    assert found
    return found[1]
