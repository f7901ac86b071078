from collections.abc import Iterator

import httpx
import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jwk import KeySet

from core.taming import JsonObject
from sandbox.oidc import OpenIdPerson, OpenIdStandIn
from sandbox.oidc_api import openid_blueprint
from sandbox.server import SandboxServer
from sandbox.slack import SlackStandIn
from tests.sandbox.conftest import Clock

BACK = "http://127.0.0.1:9/callback"
DANA = OpenIdPerson("sub-1", "Dana", "dana@acme.example")
ELI = OpenIdPerson("sub-2", "Eli", "eli@acme.example")


@pytest.fixture
def provider(clock: Clock) -> OpenIdStandIn:
    return OpenIdStandIn(lambda: [DANA, ELI], client_id="client", client_secret="secret", clock=clock)


@pytest.fixture
def issuer(provider: OpenIdStandIn) -> Iterator[str]:
    app = Flask("provider")
    app.register_blueprint(openid_blueprint(provider, "provider"))
    with SandboxServer(app) as running:
        yield f"{running.url}/oidc"


def ask(http: httpx.Client, url: str, **changes: str) -> httpx.Response:
    asked = {
        "client_id": "client", "redirect_uri": BACK, "response_type": "code", "scope": "openid", "state": "s",
        "nonce": "n",
    }  # fmt: skip
    return http.get(url, params=asked | changes)


def code_of(answer: httpx.Response) -> str:
    return httpx.URL(answer.headers["location"]).params["code"]


def redeem(http: httpx.Client, url: str, code: str, **changes: str) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    return http.post(url, data=form | changes, auth=("client", "secret"))


def test_discovery_names_what_is_there(http: httpx.Client, issuer: str) -> None:
    found = http.get(f"{issuer}/.well-known/openid-configuration").json()

    assert found["issuer"] == issuer
    assert found["code_challenge_methods_supported"] == ["S256"]
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
        assert found[name].startswith(issuer)


def test_the_token_is_signed_by_the_published_key(http: httpx.Client, issuer: str) -> None:
    answer = redeem(http, f"{issuer}/token", code_of(ask(http, f"{issuer}/authorize"))).json()
    keys = KeySet.import_key_set(http.get(f"{issuer}/keys").json())

    claims = jwt.decode(answer["id_token"], keys, algorithms=["RS256"]).claims

    assert (claims["iss"], claims["aud"], claims["nonce"], claims["sub"]) == (issuer, "client", "n", "sub-1")
    told = http.get(f"{issuer}/userinfo", headers={"authorization": f"Bearer {answer['access_token']}"}).json()
    assert told == {"sub": "sub-1", "name": "Dana", "email": "dana@acme.example", "email_verified": True}
    assert http.get(f"{issuer}/userinfo").status_code == 401


def test_a_code_is_good_once_for_its_address_and_verifier(http: httpx.Client, issuer: str) -> None:
    code = code_of(ask(http, f"{issuer}/authorize"))
    assert redeem(http, f"{issuer}/token", code).status_code == 200
    assert redeem(http, f"{issuer}/token", code).json()["error"] == "invalid_grant"

    code = code_of(ask(http, f"{issuer}/authorize"))
    assert redeem(http, f"{issuer}/token", code, redirect_uri=BACK + "/x").status_code == 400

    code = code_of(ask(http, f"{issuer}/authorize", code_challenge="c", code_challenge_method="S256"))
    assert redeem(http, f"{issuer}/token", code, code_verifier="v").status_code == 400


def test_a_person_chooses_whom_to_be(provider: OpenIdStandIn, http: httpx.Client, issuer: str) -> None:
    provider.auto_approve = lambda: False
    page = ask(http, f"{issuer}/authorize", state='"><script>')
    assert page.status_code == 200
    assert "Eli" in page.text
    assert "<script>" not in page.text

    form = {"client_id": "client", "redirect_uri": BACK, "response_type": "code", "scope": "openid", "state": "s"}
    back = http.post(f"{issuer}/authorize", data=form | {"subject": "sub-2"})
    assert "code" in httpx.URL(back.headers["location"]).params
    cancelled = http.post(f"{issuer}/authorize", data=form | {"subject": ""})
    assert httpx.URL(cancelled.headers["location"]).params["error"] == "access_denied"


@pytest.mark.parametrize("changes", [{"client_id": "other"}, {"redirect_uri": "javascript:alert(1)"}])
def test_a_wrong_request_never_leads_back(http: httpx.Client, issuer: str, changes: dict[str, str]) -> None:
    assert ask(http, f"{issuer}/authorize", **changes).status_code == 400


def test_slack_tells_team_and_user_and_reports_errors_as_200(
    http: httpx.Client, server: SandboxServer, slack: SlackStandIn
) -> None:
    base = f"{server.url}/slack"
    metadata = http.get(f"{base}/.well-known/openid-configuration").json()
    assert metadata["token_endpoint"] == f"{base}/api/openid.connect.token"
    assert "code_challenge_methods_supported" not in metadata

    answer = ask(http, metadata["authorization_endpoint"], client_id=slack.app.client_id)
    form = {"code": code_of(answer), "redirect_uri": BACK, "client_id": "11.22", "client_secret": "client-secret"}
    granted: JsonObject = http.post(metadata["token_endpoint"], data=form).json()
    keys = KeySet.import_key_set(http.get(metadata["jwks_uri"]).json())
    claims = jwt.decode(str(granted["id_token"]), keys, algorithms=["RS256"]).claims

    somebody = slack.world.users[0]
    assert claims["https://slack.com/team_id"] == somebody.team_id
    assert claims["https://slack.com/user_id"] == somebody.id
    again = http.post(metadata["token_endpoint"], data=form)
    assert (again.status_code, again.json()) == (200, {"ok": False, "error": "invalid_grant"})
