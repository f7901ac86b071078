from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import pytest

from core.digests import Digester
from core.errors import SignalboxError, StepFailed, Unauthenticated
from core.taming import JsonObject
from oauth.departures import Departure, Departures, Purpose
from oauth.oidc import Identity
from sandbox.oidc import OpenIdPerson
from sandbox.oidc_tokens import Flaw
from tests.conftest import StillClock
from tests.oauth.conftest import query_of
from tests.oauth.openid_site import DANA, OpenIdSite, openid_site


@pytest.fixture
def site(clock: StillClock) -> Iterator[OpenIdSite]:
    with openid_site(clock) as running:
        yield running


def reason_of(site: OpenIdSite) -> str:
    with pytest.raises(SignalboxError) as refused:
        site.sign_in()
    return refused.value.reason


def test_who_comes_back_is_known_by_issuer_and_subject(site: OpenIdSite) -> None:
    assert site.sign_in() == Identity(site.issuer, "sub-dana", "Dana Reyes", "dana@acme.example")


def test_each_way_out_has_its_own_state_nonce_and_verifier(site: OpenIdSite) -> None:
    (_, one), (_, other) = site.leave(), site.leave()
    asked = site.stand_in.asked[0]
    assert asked.scope == "openid email profile"
    assert asked.code_challenge_method == "S256"
    assert (asked.state, asked.nonce) == (one.state, one.nonce)
    assert one.code_verifier
    assert {one.state, one.nonce, one.code_verifier}.isdisjoint({other.state, other.nonce, other.code_verifier})


def test_pkce_is_left_out_where_the_provider_does_not_announce_it(clock: StillClock) -> None:
    with openid_site(clock, has_pkce=False) as site:
        assert site.sign_in().subject == "sub-dana"
        assert site.stand_in.asked[0].code_challenge == ""


@pytest.mark.parametrize("flaw", get_args(Flaw))
def test_an_id_token_that_is_wrong_in_one_way_proves_nothing(site: OpenIdSite, flaw: Flaw) -> None:
    site.sign_in()
    site.stand_in.flaw_next(flaw)
    with pytest.raises(Unauthenticated) as refused:
        site.sign_in()
    assert refused.value.reason == "id_token_invalid"
    assert site.sign_in().subject == "sub-dana"


def test_a_token_ends_by_our_clock_with_a_minute_of_leeway(clock: StillClock) -> None:
    ahead = StillClock(clock())
    with openid_site(ahead) as site:
        site.openid._clock = clock  # theirs and ours are now two clocks
        clock.advance(minutes=5, seconds=59)
        assert site.sign_in().subject == "sub-dana"
        clock.advance(seconds=2)
        assert reason_of(site) == "id_token_invalid"


def test_a_new_key_of_the_provider_is_looked_for(site: OpenIdSite) -> None:
    site.sign_in()
    site.stand_in.signer.rotate()
    assert site.sign_in().subject == "sub-dana"


def test_another_browsers_verifier_does_not_fit(site: OpenIdSite) -> None:
    (query, _), (_, other) = site.leave(), site.leave()
    with pytest.raises(Unauthenticated) as refused:
        site.openid.come_back(site.provider, other, query["code"])
    assert refused.value.reason == "sign_in_refused"


def test_another_sign_ins_nonce_does_not_fit(clock: StillClock) -> None:
    """A code that somebody planted, at a provider without PKCE."""
    with openid_site(clock, has_pkce=False) as site:
        (query, _), (_, other) = site.leave(), site.leave()
        with pytest.raises(Unauthenticated) as refused:
            site.openid.come_back(site.provider, other, query["code"])
        assert refused.value.reason == "id_token_invalid"


def test_a_code_is_good_once(site: OpenIdSite) -> None:
    query, departure = site.leave()
    site.openid.come_back(site.provider, departure, query["code"])
    with pytest.raises(Unauthenticated) as refused:
        site.openid.come_back(site.provider, departure, query["code"])
    assert refused.value.reason == "sign_in_refused"


def test_a_provider_that_does_not_know_us(site: OpenIdSite) -> None:
    assert reason_of(site.without_secret()) == "sign_in_refused"


@pytest.mark.parametrize("endpoint", ["discovery", "token", "keys"])
def test_a_provider_that_fails_is_asked_again_next_time(site: OpenIdSite, endpoint: str) -> None:
    site.stand_in.fail_next(endpoint)  # type: ignore[arg-type]  # one of the three
    assert reason_of(site) == "sign_in_unavailable"
    assert site.sign_in().subject == "sub-dana"


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://[", "nonsense", "http://127.0.0.1:9/\x00"])
def test_a_provider_that_is_not_there(site: OpenIdSite, url: str) -> None:
    with pytest.raises(StepFailed) as failed:
        site.openid.leave(replace(site.provider, discovery_url=url), Purpose())
    assert failed.value.reason == "sign_in_unavailable"


@pytest.mark.parametrize("subject", ["", "s" * 256, "a\x00b"])
def test_subjects_that_cannot_be_a_key(clock: StillClock, subject: str) -> None:
    with openid_site(clock, people=[OpenIdPerson(subject, "Odd", "odd@acme.example")]) as site:
        assert reason_of(site) == "id_token_invalid"


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"https://slack.com/team_id": "T0A"},
        {"https://slack.com/user_id": "U0A"},
        {"https://slack.com/team_id": "T0A/U0B", "https://slack.com/user_id": "U0A"},
        {"https://slack.com/team_id": 1, "https://slack.com/user_id": "U0A"},
        {"https://slack.com/team_id": "T0A\x00", "https://slack.com/user_id": "U0A"},
    ],
)
def test_slack_must_tell_team_and_user(clock: StillClock, claims: JsonObject) -> None:
    with openid_site(clock, people=[OpenIdPerson("U0A", "Ann", "ann@acme.example", claims)]) as site:
        site.provider = replace(site.provider, name="slack")
        assert reason_of(site) == "id_token_invalid"


def test_slacks_subject_is_team_and_user(clock: StillClock) -> None:
    claims: JsonObject = {"https://slack.com/team_id": "T0A", "https://slack.com/user_id": "U0A"}
    with openid_site(clock, people=[OpenIdPerson("U0A", "Ann", "ann@acme.example", claims)]) as site:
        site.provider = replace(site.provider, name="slack")
        assert site.sign_in().subject == "T0A/U0A"


def test_departures_are_signed_bound_and_over_after_ten_minutes(site: OpenIdSite, clock: StillClock) -> None:
    departures = Departures(Digester("a key"), has_https=False)
    _, departure = site.leave(Purpose(next="/signals"))
    cookies = {departures.name(departure.state): departures.write(departure)}

    def read(state: str = departure.state, provider: str = "oidc", **changes: str) -> Departure | None:
        return departures.read({**cookies, **changes}, provider=provider, state=state, now=clock())

    assert read() == departure
    assert read(provider="slack") is None
    assert read(state=departure.state + "x") is None
    assert read(state="") is None
    forged = Departures(Digester("another key"), has_https=False).write(departure)
    for value in ("", "x", ".", "\x00.ü", forged, cookies[departures.name(departure.state)] + "0"):
        assert read(**{departures.name(departure.state): value}) is None
    clock.advance(minutes=10)
    assert read() is None


def test_a_browser_keeps_few_departures(site: OpenIdSite, clock: StillClock) -> None:
    departures = Departures(Digester("a key"), has_https=True)
    cookies = {"other": "1", "__Host-signalbox-sign-in-broken": "x"}
    for _ in range(5):
        clock.advance(seconds=1)
        _, departure = site.leave()
        cookies[departures.name(departure.state)] = departures.write(departure)
    surplus = departures.surplus(cookies)
    assert surplus[0] == "__Host-signalbox-sign-in-broken"
    assert len(surplus) == 2
    assert departures.name(departure.state) not in surplus


def test_the_address_asks_for_what_we_are(site: OpenIdSite) -> None:
    url, departure = site.openid.leave(site.provider, Purpose())
    query = query_of(url)
    assert query["client_id"] == "client-1"
    assert query["redirect_uri"] == "http://localhost/sign-in/oidc/callback"
    assert query["response_type"] == "code"
    assert departure.nonce == query["nonce"]
    assert "secret-1" not in url
    assert DANA.subject not in url
