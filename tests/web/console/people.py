"""A console whose people sign in with Slack or with an OpenID provider, both of them real HTTP servers."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import cast

import httpx
from bs4 import BeautifulSoup
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from core.digests import Digester
from core.settings import Settings
from db import Invitation, User, WorkspaceMember
from oauth.slack_apps import upsert_shared_app
from sandbox.app import create_sandbox
from sandbox.cast import assemble
from sandbox.oidc import OpenIdStandIn
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from sandbox.slack import SlackApp, SlackStandIn
from tests.oauth.openid_site import openid_site
from tests.web.console.conftest import Console
from web.services import Services, attach


@dataclass
class People:
    """A workspace with its owner, signed out, and the two providers."""

    console: Console
    digester: Digester
    slack: SlackStandIn
    oidc: OpenIdStandIn
    settings: Settings

    def browser(self) -> FlaskClient:
        """Somebody's browser without cookies."""
        return self.console.app.test_client()

    def owner(self) -> FlaskClient:
        """The owner's browser."""
        return self.console.sign_in().browser

    def invite(self, role: str = "member", email: str = "new@acme.example") -> str:
        """The path of a fresh invitation's link."""
        issued, now = self.digester.issue("invitation"), self.console.clock()
        with self.console.database.write() as session:
            session.add(
                Invitation(
                    workspace_id=self.console.made.workspace_id,
                    email=email,
                    role=role,
                    token_digest=issued.digest,
                    created_at=now,
                    expires_at=now + timedelta(days=7),
                )
            )
        return f"/invitations/{issued.token}"

    def member(self, role: str) -> FlaskClient:
        """A browser of a fresh member with this role."""
        browser = self.browser()
        assert post(browser, self.invite(role), **{"with": "link"}).status_code == 303
        return browser


def go(browser: FlaskClient, path: str) -> TestResponse:
    """To the provider that the path leads to, and back; the answer to the callback."""
    return finish(browser, browser.get(path).location)


def finish(browser: FlaskClient, url: str) -> TestResponse:
    """Lets the provider approve, and comes back."""
    back = httpx.get(url)
    assert back.status_code == 302, back.text
    return browser.get(back.headers["location"].removeprefix("http://localhost"))


def post(browser: FlaskClient, path: str, **form: str) -> TestResponse:
    """Posts a form as our pages do, with the session's token if there is a session."""
    page = BeautifulSoup(browser.get("/account").text, "html.parser")
    field = page.select_one("input[name=csrf_token]")
    return browser.post(path, data={"csrf_token": str(field["value"]) if field else "", **form})


def leaving(answer: TestResponse) -> str:
    """Where the page after a form takes the browser."""
    assert answer.status_code == 200, answer.text
    return answer.headers["Refresh"].removeprefix("0; url=")


def reason(answer: TestResponse) -> str:
    """The reason on the page."""
    found = BeautifulSoup(answer.text, "html.parser").find(string="Reason: ")
    assert found is not None, answer.text
    return found.find_next("code").text  # type: ignore[union-attr]  # the template has one


def members(people: People) -> dict[str, str]:
    """Roles by person, of the workspace."""
    with people.console.database.read() as session:
        rows = session.query(User, WorkspaceMember.role).join(WorkspaceMember, WorkspaceMember.user_id == User.id)
        here = rows.filter(WorkspaceMember.workspace_id == people.console.made.workspace_id)
        return {user.name or user.email: role for user, role in here}


@contextmanager
def people_of(open_console: Callable[..., Console], digester: Digester) -> Iterator[People]:
    """The console with both providers set up."""
    console = open_console()
    app = SlackApp(client_id="11.22", client_secret="cs", signing_secret="ss", api_app_id="A0BOX")
    slack = SlackStandIn(app, assemble().world, auto_approve=True, clock=console.clock)
    with openid_site(console.clock) as oidc, SandboxServer(create_sandbox(slack, PylonStandIn("P"))) as sandbox:
        settings = replace(
            Settings(public_url="http://localhost"),
            slack_client_id="11.22",
            slack_client_secret="cs",
            slack_openid_url=f"{sandbox.url}/slack",
            oidc_discovery_url=oidc.provider.discovery_url,
            oidc_client_id=oidc.provider.client_id,
            oidc_client_secret=oidc.provider.client_secret,
        )
        upsert_shared_app(console.database, settings, console.clock())
        parts = SimpleNamespace(settings=settings, database=console.database, digester=digester, clock=console.clock)
        attach(console.app, cast("Services", parts))
        yield People(console, digester, slack, oidc.stand_in, settings)
