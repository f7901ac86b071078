"""Which fields are accepted, and how the others are named."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import FieldError, InvalidFields
from integrations.webhook.fields import Submission, submission_of


def submitted(**fields: Any) -> Any:
    return submission_of(json.dumps({"verbatim": "We need SSO.", **fields}).encode())


def named(**fields: Any) -> list[str]:
    with pytest.raises(InvalidFields) as refused:
        submitted(**fields)
    assert all(error.message for error in refused.value.errors)
    return [error.field for error in refused.value.errors]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("verbatim", "x" * 100_000),
        ("interpretation", "They wait for it."),
        ("severity", "critical"),
        ("frequency", "rare"),
        ("user_segment", "Enterprise"),
        ("source_ref", "é" * 255),
        ("source_url", "http://calls.example:8080/42?x=1#y"),
        ("metadata", {"a": [{"b": None}], "n": 1.5}),
        ("tags", ("x" * 100,) * 1),
    ],
)
def test_accepted(field: str, value: Any) -> None:
    assert getattr(submitted(**{field: value}), field) == value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("verbatim", None),
        ("verbatim", ""),
        ("verbatim", " \n\t"),
        ("verbatim", "\x00"),
        ("verbatim", "x" * 100_001),
        ("verbatim", ["x"]),
        ("interpretation", 1),
        ("interpretation", "x" * 10_001),
        ("severity", "Critical"),
        ("severity", True),
        ("frequency", "often"),
        ("user_segment", "x" * 256),
        ("source_ref", 42),
        ("source_ref", "x" * 256),
        ("source_url", "ftp://calls.example"),
        ("source_url", "javascript:alert(1)"),
        ("source_url", "//calls.example"),
        ("source_url", "https://"),
        ("source_url", "https://["),
        ("source_url", "https://a.example:99999/"),
        ("source_url", "https://a.example/a b"),
        ("source_url", "https://a.example/" + "x" * 2048),
        ("occurred_at", 1763632800),
        ("occurred_at", "2026-11-20"),
        ("occurred_at", "2026-W01-1"),
        ("occurred_at", "2026-11-20T10:00:00"),
        ("occurred_at", "2026-13-20T10:00:00Z"),
        ("occurred_at", "٢٠٢٦-11-20T10:00:00Z"),
        ("occurred_at", "0001-01-01T00:00:00+14:00"),
        ("author", "Ada"),
        ("account", []),
        ("tags", "sso"),
        ("tags", {}),
        ("tags", ["x"] * 51),
        ("metadata", []),
        ("metadata", "x"),
    ],
)
def test_refused(field: str, value: Any) -> None:
    assert named(**{field: value}) == [field]


def test_every_bad_field_is_named_by_its_path() -> None:
    bad = {
        "author": {"email": 1, "name": "x" * 256},
        "account": {"external_id": {}},
        "tags": ["ok", None, 3, "x" * 101],
    }

    assert sorted(named(severity="no", **bad)) == [
        "account.external_id",
        "author.email",
        "author.name",
        "severity",
        "tags[2]",
        "tags[3]",
    ]


def test_times_are_read_in_utc() -> None:
    assert (
        submitted(occurred_at="2026-11-20t10:00:00.5+02:00").occurred_at.isoformat()
        == "2026-11-20T08:00:00.500000+00:00"
    )
    assert submitted(occurred_at="2026-11-20 10:00:00z").occurred_at.isoformat() == "2026-11-20T10:00:00+00:00"


def test_metadata_has_a_depth_that_storage_can_bear() -> None:
    def nested(levels: int) -> dict[str, Any]:
        return {"a": nested(levels - 1)} if levels > 1 else {}

    assert submitted(metadata=nested(20)).metadata == nested(20)
    assert named(metadata=nested(21)) == ["metadata"]
    assert named(metadata=nested(900)) == ["metadata"]


def test_what_no_database_stores_is_cleaned_away() -> None:
    submission = submission_of(b'{"verbatim": "a\\u0000b", "metadata": {"k\\u0000": ["\\u0000v", "\\ud800"]}}')

    assert submission.verbatim == "ab"
    assert submission.metadata == {"k": ["v", "?"]}


FIELDS = ["verbatim", "interpretation", "severity", "frequency", "user_segment", "source_ref", "source_url",
          "occurred_at", "author", "account", "tags", "metadata", "name", "email", "external_id"]  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from(["high", "rare", "https://a.example"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8))
@settings(deadline=None, max_examples=100)
def test_any_object_is_accepted_or_its_fields_are_named(fields: dict[str, Any]) -> None:
    outcome, again = outcome_of(fields), outcome_of({**fields, "unheard_of": 1})

    assert outcome == again
    if isinstance(outcome, list):
        assert {error.field.split(".")[0].split("[")[0] for error in outcome} <= set(FIELDS)
    else:
        assert outcome.verbatim.strip()


def outcome_of(fields: dict[str, Any]) -> Submission | list[FieldError]:
    try:
        return submission_of(json.dumps(fields).encode())
    except InvalidFields as refused:
        return refused.errors
