"""Hostile headers, bodies and values; and how to put such a value anywhere in a JSON document."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

from core.adapter import Secrets

Json: TypeAlias = Any

SIGNING, TOKEN = "whsec_c2VjcmV0", "header-token"
CONFIGURATIONS = [
    Secrets(),
    Secrets(identified=True),
    Secrets(signing=(SIGNING,)),
    Secrets(signing=(SIGNING, "older"), identified=True),
    Secrets(header=(TOKEN,), header_name="X-Webhook-Secret"),
    Secrets(signing=(SIGNING,), header=(TOKEN,)),
]
_NOTHING = ["", " ", "\x00", "\xff", "\ud800"]
_HALF_PROOFS = [
    "sha256=",
    "sha256=é",
    "v0=",
    "v0=" + "0" * 64,
    "f" * 64,
    "٣" * 64,
    "Bearer",
    "Bearer ",
    "Bearer \ud800",
]
_NUMBERS = ["1732096800", "١٧٣٢٠٩٦٨٠٠", "-1", "1e9", "9" * 5000]
GARBAGE_HEADERS = [*_NOTHING, *_HALF_PROOFS, *_NUMBERS, "a" * 100_000]
BODIES = {
    "empty": b"",
    "not_utf8": b"\xff",
    "utf8_bom": b"\xef\xbb\xbf{}",
    "surrogate_bytes": b'{"a":"\xed\xa0\x80"}',
    "lone_surrogate": b'{"verbatim":"\\ud800","type":"\\udfff","event":"\\ud800"}',
    "deep_lists": b"[" * 100_000,
    "deep_objects": b'{"event":' * 100_000,
    "deep_and_whole": b'{"event":' * 900 + b"1" + b"}" * 900,
    "huge_integer": b'{"event":' + b"9" * 5000 + b',"issue_id":1}',
    "large_integer": b'{"event_ts":' + b"9" * 400 + b',"issue_id":' + b"9" * 400 + b"}",
    "infinite": b'{"event":1e999}',
    "not_a_number": b'{"event":NaN}',
    "duplicate_keys": b'{"type":"a","type":{},"verbatim":"a","verbatim":1}',
    "two_values": b"{}{}",
    "nul": b'{"type":"\\u0000","event":"issue.created\\u0000","issue_id":"a\\u0000","body":"\\u0000b"}',
    "scalar": b"1",
    "null": b"null",
    "empty_object": b"{}",
    "form": b"payload=%7B%7D",
}
_SCALARS: list[Json] = [
    None,
    True,
    0,
    -1,
    1e300,
    10**400,
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "x" * 300,
    "٣.٣",
    "9" * 5000,
]
_TIMES: list[Json] = ["2026-13-45T99:99:99Z", "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z"]
_TEXTS: list[Json] = ["{{ issue.id }}", "../..", "https://[", "<b " * 50, "&#0;&#xD800;&#" + "9" * 5000 + ";"]
_CONTAINERS: list[Json] = [[], {}, [None, {}, [[]]], {"a": {"b": ["\x00"]}}]
VALUES = [*_SCALARS, *_TIMES, *_TEXTS, *_CONTAINERS]


class EveryHeader(dict[str, str]):
    """Headers in which any name has the same value, so that nobody has to know which ones a platform reads."""

    def __init__(self, value: str) -> None:
        super().__init__()
        self.value = value

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> str:
        return self.value

    def get(self, name: object, default: object = None) -> str:  # noqa: ARG002 - whatever is asked for
        return self.value


def spoilt(body: Json) -> Iterator[Callable[[Json], Json]]:
    """For each place in a JSON value, a function that puts something else there."""
    for path in paths(body, ()):
        yield partial(replaced, body, path)


def paths(value: Json, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*path, key))


def replaced(value: Json, path: tuple[str | int, ...], new: Json) -> Json:
    if not path:
        return new
    copy: Json = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy
