"""A sealed value opens with a live key at its own place, and nowhere else."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import SealBroken
from core.sealing import Keyring, decode_key, generate_key

OLD, NEW = bytes(range(32)), bytes(range(32, 64))
PLACE = "integrations.access_token/int_1/ws_1"


@given(st.text(), st.text())
def test_what_is_sealed_opens_at_its_place(text: str, place: str) -> None:
    ring = Keyring([NEW])

    assert ring.open(ring.seal(text, place), place) == text


def test_nothing_of_the_text_shows_and_no_two_seals_are_alike() -> None:
    ring = Keyring([NEW])
    sealed = ring.seal("xoxb-secret", PLACE)

    assert b"xoxb" not in sealed
    assert sealed != ring.seal("xoxb-secret", PLACE)


def test_old_keys_open_and_the_newest_seals() -> None:
    by_old = Keyring([OLD]).seal("x", PLACE)
    ring = Keyring([NEW, OLD])
    by_new = ring.seal("x", PLACE)

    assert ring.open(by_old, PLACE) == ring.open(by_new, PLACE) == "x"
    assert not ring.is_newest(by_old)
    assert ring.is_newest(by_new)


@pytest.mark.parametrize("place", ["", "integrations.access_token/int_2/ws_1", "integrations.access_token/int_1/ws_2"])
def test_a_moved_value_does_not_open(place: str) -> None:
    ring = Keyring([NEW])

    with pytest.raises(SealBroken) as broken:
        ring.open(ring.seal("x", PLACE), place)

    assert broken.value.reason == "seal_broken"


def test_a_retired_key_is_named_without_being_shown() -> None:
    sealed = Keyring([OLD]).seal("x", PLACE)

    with pytest.raises(SealBroken, match="SIGNALBOX_ENCRYPTION_KEYS lacks") as broken:
        Keyring([NEW]).open(sealed, PLACE)

    assert broken.value.reason == "seal_key_unknown"
    assert sealed[1:5].hex() in broken.value.message


def test_every_altered_bit_is_noticed() -> None:
    ring = Keyring([NEW])
    sealed = ring.seal("secret", PLACE)
    for place in range(len(sealed)):
        altered = bytearray(sealed)
        altered[place] ^= 1
        with pytest.raises(SealBroken):
            ring.open(bytes(altered), PLACE)


@given(st.binary(max_size=60))
def test_anything_else_is_no_sealed_value(value: bytes) -> None:
    with pytest.raises(SealBroken):
        Keyring([NEW]).open(value, PLACE)


def test_a_keyring_needs_a_key() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        Keyring([])


def test_generated_keys_can_be_decoded_and_differ() -> None:
    assert len(decode_key(generate_key())) == 32
    assert generate_key() != generate_key()


@pytest.mark.parametrize("form", [lambda key: key, lambda key: key.rstrip("="), lambda key: f" {key}\n"])
def test_padding_and_blanks_do_not_matter(form: object) -> None:
    assert callable(form)
    assert decode_key(form(base64.urlsafe_b64encode(NEW).decode())) == NEW


@pytest.mark.parametrize(
    ("text", "problem"),
    [("", "0 bytes instead of 32"), ("c2hvcnQ=", "5 bytes instead of 32"), ("a", "base64"), ("é", "base64")],
)
def test_a_bad_key_says_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        decode_key(text)
