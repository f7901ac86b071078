"""Issued tokens: random, told apart by purpose, and worthless as they are stored."""

from hypothesis import given
from hypothesis import strategies as st

from core.digests import API_KEY_PREFIX, API_TOKEN_PREFIX, Digester

DIGESTER = Digester("a secret key")


def test_a_token_is_shown_once_and_found_by_its_digest() -> None:
    issued = DIGESTER.issue("api_token", API_TOKEN_PREFIX)

    assert issued.token.startswith("sbx_")
    assert len(issued.token) >= len("sbx_") + 43
    assert issued.digest == DIGESTER.digest("api_token", issued.token)
    assert issued.token not in issued.digest


def test_the_hint_tells_tokens_apart_without_giving_them_away() -> None:
    issued = DIGESTER.issue("webhook_key", API_KEY_PREFIX)

    assert issued.hint == f"sbk_…{issued.token[-4:]}"


def test_a_token_does_not_show_in_its_repr() -> None:
    issued = DIGESTER.issue("api_token")

    assert issued.token not in repr(issued)


def test_no_two_tokens_are_alike() -> None:
    assert len({DIGESTER.issue("x").token for _ in range(100)}) == 100


def test_purposes_and_servers_do_not_mix() -> None:
    digests = {
        DIGESTER.digest("api_token", "t"),
        DIGESTER.digest("webhook_key", "t"),
        DIGESTER.digest("", "api_tokent"),
        Digester("another key").digest("api_token", "t"),
    }

    assert len(digests) == 4


@given(st.text() | st.text(st.characters(categories=["Cs", "Cc"])))
def test_any_text_has_a_digest(token: str) -> None:
    assert len(DIGESTER.digest("api_token", token)) == 64
