"""Limits: so many requests per token, so many wrong tokens per address, and what the headers say of it."""

import pytest
from apiflask import APIFlask
from werkzeug.test import TestResponse

from tests.conftest import StillClock
from tests.web.api.conftest import Api, Tenant
from web.api import limits
from web.api.limits import Buckets, Limits, Policy, limit_requests


@pytest.fixture
def limited(app: APIFlask, clock: StillClock) -> None:
    wrong = Policy("wrong_tokens", quota=2, window=60)
    limit_requests(app, Limits(clock, Policy("token", quota=3, window=60), wrong))


def headers(answer: TestResponse) -> tuple[int, str | None, str | None]:
    return answer.status_code, answer.headers.get("RateLimit"), answer.headers.get("Retry-After")


def test_what_is_left_is_told_until_nothing_is(limited: None, api: Api, clock: StillClock) -> None:
    assert headers(api.get("/me")) == (200, '"token";r=2;t=20', None)
    assert headers(api.get("/signals/none")) == (404, '"token";r=1;t=40', None)
    assert headers(api.post("/webhook-keys")) == (422, '"token";r=0;t=60', None)
    answer = api.get("/me")
    assert headers(answer) == (429, '"token";r=0;t=60', "20")
    assert answer.get_json()["code"] == "rate_limited"
    assert answer.headers["RateLimit-Policy"] == '"token";q=3;w=60'
    clock.advance(seconds=19)
    assert headers(api.get("/me")) == (429, '"token";r=0;t=41', "1")
    clock.advance(seconds=1)
    assert headers(api.get("/me")) == (200, '"token";r=0;t=60', None)


def test_each_token_has_its_own(limited: None, api: Api, bobs_api: Api, alice: Tenant) -> None:
    for _ in range(4):
        api.get("/me")
    sloppy = {"Authorization": f"BEARER   {alice.tokens['admin']}"}
    assert api.call("GET", "/me", headers=sloppy).status_code == 429
    assert bobs_api.get("/me").status_code == 200


def test_wrong_tokens_are_slowed_down(limited: None, api: Api, bobs_api: Api, clock: StillClock) -> None:
    """Whoever proved a token before is not kept out by others behind the same address."""
    assert api.get("/me").status_code == 200
    stranger = Api(api.client, "sbx_guess")
    assert [stranger.get("/me").status_code for _ in range(3)] == [401, 401, 429]
    refused = stranger.get("/me")
    assert (refused.get_json()["code"], refused.headers["Retry-After"]) == ("rate_limited", "30")
    assert (api.get("/me").status_code, bobs_api.get("/me").status_code) == (200, 429)
    assert Api(api.client, None).get("/me").status_code == 401
    elsewhere = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.7"}}
    assert stranger.call("GET", "/me", **elsewhere).status_code == 401
    clock.advance(seconds=30)
    assert bobs_api.get("/me").status_code == 200


def test_one_ipv6_network_is_one_address(limited: None, api: Api) -> None:
    stranger = Api(api.client, "sbx_guess")
    addresses = ["2001:db8::1", "2001:db8::2", "2001:db8::3:4", "2001:db8:0:1::1", "not an address"]
    answers = [stranger.call("GET", "/me", environ_overrides={"REMOTE_ADDR": address}) for address in addresses]
    assert [answer.status_code for answer in answers] == [401, 401, 429, 401, 401]


def test_limited_requests_use_up_no_idempotency_key(limited: None, api: Api, clock: StillClock) -> None:
    for _ in range(3):
        api.get("/me")
    options = {"json": {"name": "Zapier"}, "headers": {"Idempotency-Key": "one"}}
    assert api.call("POST", "/webhook-keys", **options).status_code == 429
    clock.advance(seconds=20)
    assert api.call("POST", "/webhook-keys", **options).status_code == 201


def test_other_routes_are_not_limited(limited: None, api: Api) -> None:
    for _ in range(4):
        api.get("/me")
    assert api.client.get("/api/openapi.json").status_code == 200


def test_a_clock_that_goes_back_gives_and_takes_nothing(clock: StillClock) -> None:
    buckets = Buckets(Policy("token", quota=2, window=60), clock)
    buckets.take("a")
    clock.advance(hours=-1)
    assert (buckets.take("a").remaining, buckets.take("a").wait) == (0, 30)


def test_the_longest_unused_is_forgotten_first(clock: StillClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_KEYS", 2)
    buckets = Buckets(Policy("token", quota=1, window=60), clock)
    for key in ("a", "b", "a", "c"):
        buckets.take(key)
    assert [buckets.look(key).remaining for key in ("a", "b", "c")] == [0, 1, 0]
