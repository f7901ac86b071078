import threading
from datetime import timedelta

import httpx
import pytest

from sandbox.cast import Cast
from sandbox.server import SandboxServer
from sandbox.slack import SlackStandIn
from tests.sandbox.conftest import REDIRECT_URI, Clock, Installer


def test_allowing_leads_back_with_code_and_state(installer: Installer) -> None:
    answer = installer.ask()

    assert answer.status_code == 302
    target = httpx.URL(answer.headers["location"])
    assert str(target).startswith(REDIRECT_URI)
    assert target.params["state"] == "st&te=1"
    assert target.params["code"]


def test_a_person_is_asked_and_may_deny(
    slack: SlackStandIn, cast: Cast, installer: Installer, http: httpx.Client, server: SandboxServer
) -> None:
    slack.auto_approve = False
    page = installer.ask(state='"><script>')

    assert page.status_code == 200
    assert "Allow" in page.text
    assert "<script>" not in page.text

    asked = {"client_id": "11.22", "scope": "users:read", "redirect_uri": REDIRECT_URI, "state": "s"}
    denied = http.post(server.slack_authorize_url, data=asked | {"decision": "deny"})
    assert httpx.URL(denied.headers["location"]).params == httpx.QueryParams(error="access_denied", state="s")

    other = cast.world.teams[1]
    query = asked | {"team": cast.home.id}
    allowed = http.post(server.slack_authorize_url, params=query, data=asked | {"decision": "allow", "team": other.id})
    code = httpx.URL(allowed.headers["location"]).params["code"]
    assert installer.exchange(code=code)["team"] == {"id": other.id, "name": other.name}


@pytest.mark.parametrize("changes", [{"client_id": "33.44"}, {"redirect_uri": "javascript:alert(1)"}, {"scope": ""}])
def test_a_wrong_request_never_leads_back(installer: Installer, changes: dict[str, str]) -> None:
    assert installer.ask(**changes).status_code == 400


def test_the_grant_has_the_true_fields(installer: Installer, cast: Cast) -> None:
    granted = installer.exchange(code=installer.code())

    assert str(granted.pop("access_token")).startswith("xoxe.xoxb-1-")
    assert str(granted.pop("refresh_token")).startswith("xoxe-1-")
    assert str(granted.pop("bot_user_id")).startswith("U0")
    assert granted == {
        "ok": True,
        "app_id": "A0APP",
        "authed_user": {"id": cast.users["jonas"].id},
        "scope": "channels:history,users:read",
        "token_type": "bot",
        "expires_in": 43200,
        "team": {"id": cast.home.id, "name": "Tidewater"},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def test_a_code_works_once_even_when_many_hurry(installer: Installer, slack: SlackStandIn) -> None:
    code = installer.code()
    outcomes: list[object] = []

    def redeem() -> None:
        outcomes.append(installer.exchange(code=code).get("error", "granted"))

    hurried = [threading.Thread(target=redeem) for _ in range(8)]
    for thread in hurried:
        thread.start()
    for thread in hurried:
        thread.join()

    assert sorted(map(str, outcomes)) == ["code_already_used"] * 7 + ["granted"]
    assert slack.calls("oauth.v2.access") == 8


def test_a_code_is_bound_to_its_redirect_uri_and_its_time(installer: Installer, clock: Clock) -> None:
    code = installer.code()
    assert installer.exchange(code=code, redirect_uri=REDIRECT_URI + "/x")["error"] == "bad_redirect_uri"

    clock.move(timedelta(minutes=10))
    assert installer.exchange(code=code)["error"] == "invalid_code"
    assert installer.exchange(code="made-up")["error"] == "invalid_code"


@pytest.mark.parametrize(
    ("client", "error"),
    [(("33.44", "client-secret"), "invalid_client_id"), (("11.22", "guessed"), "bad_client_secret")],
)
def test_the_client_must_be_known(installer: Installer, client: tuple[str, str], error: str) -> None:
    arguments = {"code": installer.code(), "redirect_uri": REDIRECT_URI}

    assert installer.call("oauth.v2.access", arguments, client)["error"] == error
    in_form = arguments | {"client_id": client[0], "client_secret": client[1]}
    assert installer.call("oauth.v2.access", in_form)["error"] == error


def test_a_refresh_token_works_once(installer: Installer) -> None:
    granted = installer.exchange(code=installer.code())
    renewal = {"grant_type": "refresh_token", "refresh_token": str(granted["refresh_token"])}

    renewed = installer.exchange(**renewal)

    assert renewed["ok"] is True
    assert renewed["access_token"] != granted["access_token"]
    assert renewed["bot_user_id"] == granted["bot_user_id"]
    assert "authed_user" not in renewed
    assert installer.exchange(**renewal) == {"ok": False, "error": "invalid_refresh_token"}


def test_two_tokens_live_and_twelve_hours_end_them(installer: Installer, clock: Clock) -> None:
    tokens = [installer.install() for _ in range(3)]
    verdicts = [installer.call("auth.test", auth=token).get("error") for token in tokens]
    assert verdicts == ["token_revoked", None, None]

    clock.move(timedelta(hours=12))
    assert installer.call("auth.test", auth=tokens[2])["error"] == "token_expired"


def test_scopes_only_grow(installer: Installer) -> None:
    installer.install(scope="users:read,commands")
    granted = installer.exchange(code=installer.code(scope="users:read,team:read"))

    assert granted["scope"] == "users:read,commands,team:read"
