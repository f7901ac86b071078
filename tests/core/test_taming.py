"""Untrusted JSON: whatever it holds, the answers have the expected types and can be stored."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotJsonObject
from core.taming import Tame, bounded, clean, instant, parse_object, tidy

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.text(st.characters(categories=["Cs", "Cc"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize("body", [b"{}", b' {"a": 1} ', b'{"a":"\\u00e9"}', '{"é":[]}'.encode()])
def test_objects_are_parsed(body: bytes) -> None:
    assert parse_object(body) == json.loads(body)


@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"1", b'"{}"', b"[]", b"[{}]", b"{", b"{}{}", b"{'a':1}", b'{"a":NaN}', b'{"a":Infinity}', b"\xff",
     b'{"a":"\xed\xa0\x80"}', b"\xef\xbb\xbf{}", b"[" * 100_000, b'{"a":' * 100_000, b'{"a":' + b"9" * 5000 + b"}"],
)  # fmt: skip
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(NotJsonObject):
        parse_object(body)


@given(st.binary(max_size=50))
def test_any_bytes_are_answered(body: bytes) -> None:
    with suppress(NotJsonObject):
        assert isinstance(parse_object(body), dict)


def test_half_an_emoji_is_parsed_and_cleaned() -> None:
    assert Tame(parse_object(b'{"text":"a\\ud83d"}')).text("text") == "a?"


@given(st.text() | st.text(st.characters(categories=["Cs", "Cc"])))
def test_clean_text_can_be_stored(text: str) -> None:
    cleaned = clean(text)

    assert "\x00" not in cleaned
    assert cleaned.encode().decode() == cleaned
    assert clean(cleaned) == cleaned


@given(JSON)
def test_a_tidy_value_can_be_stored(value: Any) -> None:
    text = json.dumps(tidy(value), allow_nan=False, ensure_ascii=False)

    assert "\\u0000" not in text
    assert text.encode()


def test_a_number_too_large_for_a_database_is_kept_as_text() -> None:
    assert tidy({"a": [2**63, -(10**40)], "b": float("inf"), "c": 7, "d": True}) == {
        "a": [str(2**63), str(-(10**40))],
        "b": None,
        "c": 7,
        "d": True,
    }


@pytest.mark.parametrize("length", [0, 254, 255])
def test_short_keys_stay_themselves(length: int) -> None:
    assert bounded("x" * length) == "x" * length


def test_long_keys_become_one_digest_each() -> None:
    one, other = bounded("x" * 256), bounded("x" * 257)

    assert one == bounded("x" * 256) != other
    assert one.startswith("sha256:")
    assert len(one) < 255


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-20T10:00:00Z", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T10:00:00.123456789Z", datetime(2026, 11, 20, 10, 0, 0, 123456, tzinfo=UTC)),
        ("2026-11-20T12:00:00+02:00", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        ("2026-11-20T10:00:00", datetime(2026, 11, 20, 10, tzinfo=UTC)),
        (None, None),
        ("", None),
        ("yesterday", None),
        ("1763632800", None),
        ("2026-13-01T00:00:00Z", None),
        ("٢٠٢٦-11-20T10:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("\ud800", None),
    ],
)
def test_instants(text: str | None, moment: datetime | None) -> None:
    assert instant(text) == moment


@given(st.text())
def test_any_text_is_an_instant_in_utc_or_none(text: str) -> None:
    moment = instant(text)

    assert moment is None or moment.tzinfo is UTC


def test_texts_are_found_by_the_first_name_that_has_one() -> None:
    tame = Tame({"a": " ", "b": ["x"], "c": True, "d": 7, "e": "later", "f": "\x00"})

    assert tame.text("a", "b", "c", "f", "d", "e") == "7"
    assert tame.text("a", "b", "c", "f") is None
    assert tame.text() is None


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (["a", " b ", "", None, 3, "\x00"], ("a", "b")),
        ("a, b,,", ("a", "b")),
        (None, ()),
        ({"a": "b"}, ()),
        (7, ()),
    ],
)
def test_lists_of_texts(value: Any, texts: tuple[str, ...]) -> None:
    assert Tame({"x": value}).texts("x") == texts


@pytest.mark.parametrize(
    ("value", "on"), [(True, True), ("true", True), (False, False), (None, False), ("yes", False), ([], False)]
)
def test_flags(value: Any, on: bool) -> None:
    assert Tame({"x": value}).flag("x") is on


@given(JSON, st.text(max_size=5))
def test_every_question_has_an_answer(value: Any, name: str) -> None:
    for tame in (Tame(value), Tame({name: value}), Tame({name: [value]}).object(name)):
        assert isinstance(tame.text(name), str | None)
        assert isinstance(tame.flag(name), bool)
        assert isinstance(tame.object(name), Tame)
        assert all(isinstance(item, Tame) for item in tame.objects(name))
        assert all(text.strip() for text in tame.texts(name))
        assert isinstance(tame.time(name), datetime | None)
        assert bool(tame) is bool(tame.raw)
