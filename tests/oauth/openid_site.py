"""A stand-in OpenID provider that listens, and a browser's way there and back."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import httpx
from flask import Flask

from core.clock import Clock
from oauth.departures import Departure, Purpose
from oauth.oidc import Identity, OpenId
from oauth.providers import WELL_KNOWN, Provider
from sandbox.oidc import OpenIdPerson, OpenIdStandIn
from sandbox.oidc_api import openid_blueprint
from sandbox.server import SandboxServer
from tests.oauth.conftest import query_of

DANA = OpenIdPerson("sub-dana", "Dana Reyes", "dana@acme.example")
ELI = OpenIdPerson("sub-eli", "Eli Stone", "eli@acme.example")


@dataclass
class OpenIdSite:
    """The provider, where it is, and the product's client of it."""

    stand_in: OpenIdStandIn
    provider: Provider
    openid: OpenId

    @property
    def issuer(self) -> str:
        return self.provider.discovery_url.removesuffix(WELL_KNOWN)

    def leave(self, purpose: Purpose | None = None) -> tuple[dict[str, str], Departure]:
        """To the provider, which approves at once: the query that the browser comes back with."""
        url, departure = self.openid.leave(self.provider, purpose or Purpose())
        back = httpx.get(url)
        assert back.status_code == 302, back.text
        return query_of(back.headers["location"]), departure

    def sign_in(self) -> Identity:
        query, departure = self.leave()
        return self.openid.come_back(self.provider, departure, query["code"])

    def without_secret(self, client_secret: str = "wrong") -> "OpenIdSite":
        return replace(self, provider=replace(self.provider, client_secret=client_secret))


@contextmanager
def openid_site(
    clock: Clock, *, people: Sequence[OpenIdPerson] = (DANA, ELI), has_pkce: bool = True
) -> Iterator[OpenIdSite]:
    stand_in = OpenIdStandIn(
        lambda: people, client_id="client-1", client_secret="secret-1", has_pkce=has_pkce, clock=clock
    )
    app = Flask("provider")
    app.register_blueprint(openid_blueprint(stand_in, "provider"))
    with SandboxServer(app) as running:
        provider = Provider(
            name="oidc",
            discovery_url=f"{running.url}/oidc{WELL_KNOWN}",
            client_id="client-1",
            client_secret="secret-1",
            redirect_uri="http://localhost/sign-in/oidc/callback",
        )
        yield OpenIdSite(stand_in, provider, OpenId(clock))
