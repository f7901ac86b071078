"""Signatures, comparison and freshness: right on vectors, total on the rest."""

import hashlib
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.signatures import TOLERANCE_SECONDS, equals_any, hmac_sha256_hex, timestamp_problem

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ANY_TEXT = st.text() | st.text(st.characters(categories=["Cs", "Nd", "Cc", "Lo"]))


def test_rfc_4231_vector() -> None:
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

    assert hmac_sha256_hex("Jefe", b"what do ya want for nothing?") == expected


@given(st.text(), st.binary())
def test_the_secret_is_its_utf_8_text(secret: str, message: bytes) -> None:
    assert hmac_sha256_hex(secret, message) == hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("expected", "presented", "equal"),
    [
        (["a"], "a", True),
        (["a", "b"], "b", True),
        (["a", "b"], "c", False),
        ([], "", False),
        ([], "a", False),
        ([""], "", True),
        (["é"], "é", True),
        (["\ud800"], "\ud800", True),
        (["a"], "٣", False),
    ],
)
def test_equals_any(expected: list[str], presented: str, equal: bool) -> None:
    assert equals_any(expected, presented) is equal


@given(st.lists(ANY_TEXT, max_size=3), ANY_TEXT)
def test_equals_any_is_membership(expected: list[str], presented: str) -> None:
    assert equals_any(expected, presented) is (presented in expected)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, "timestamp_missing"),
        ("", "timestamp_missing"),
        ("soon", "timestamp_invalid"),
        (" 1", "timestamp_invalid"),
        ("-1", "timestamp_invalid"),
        ("1.5", "timestamp_invalid"),
        ("1e9", "timestamp_invalid"),
        ("٣", "timestamp_invalid"),
        ("²", "timestamp_invalid"),
        ("1" * 13, "timestamp_invalid"),
        ("9" * 5000, "timestamp_invalid"),
        ("0", "timestamp_stale"),
        (str(SECONDS - TOLERANCE_SECONDS - 1), "timestamp_stale"),
        (str(SECONDS + TOLERANCE_SECONDS + 1), "timestamp_stale"),
        (str(SECONDS - TOLERANCE_SECONDS), None),
        (str(SECONDS), None),
        (str(SECONDS + TOLERANCE_SECONDS), None),
    ],
)
def test_timestamps(value: str | None, problem: str | None) -> None:
    assert timestamp_problem(value, NOW) == problem


@given(ANY_TEXT)
def test_any_timestamp_is_answered(value: str) -> None:
    assert timestamp_problem(value, NOW) in {None, "timestamp_missing", "timestamp_invalid", "timestamp_stale"}
