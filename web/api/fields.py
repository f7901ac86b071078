"""The kinds of fields that the API's models are made of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    model_validator,
)

from core.taming import clean, instant


def _storable(text: str) -> str:
    if clean(text) != text:
        raise ValueError("NUL characters cannot be stored")
    return text


def _moment(value: object) -> object:
    text = value if isinstance(value, str) else ""
    moment = instant(text) or instant(text.replace(" ", "+"))  # a "+" that was not escaped in the URL
    if moment is None:
        raise ValueError("This must be an RFC 3339 time, such as 2026-11-20T10:00:00Z")
    return moment


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value  # in JSON, 7.0 is the integer 7


WHOLE = BeforeValidator(_whole)
"""Beside ``strict`` on an integer."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a check in code means, as a pattern for the OpenAPI document."""

    pattern: str

    def __get_pydantic_json_schema__(self, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), "pattern": self.pattern}


_STORABLE = Told(r"^[^\x00]*$")
_SPEAKING = Told(r"^[^\x00]*[^\s\x00-\x1f\x7f-\xa0][^\x00]*$")
"""Something other than blanks, and no NUL."""

Text: TypeAlias = Annotated[str, StringConstraints(max_length=500), AfterValidator(_storable), _STORABLE]
Prose: TypeAlias = Annotated[str, StringConstraints(max_length=10_000), AfterValidator(_storable), _STORABLE]
Tag: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100), AfterValidator(_storable), _SPEAKING
]
Name: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_storable), _SPEAKING
]
Secret: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), AfterValidator(_storable), _SPEAKING
]
Words: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), AfterValidator(_storable), _SPEAKING
]
Address: TypeAlias = Annotated[
    str, StringConstraints(max_length=2_000, pattern=r"^https?://[A-Za-z0-9._~-]+(:[0-9]{1,5})?([/?#][!-~]*)?$")
]
HeaderName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
Moment: TypeAlias = Annotated[datetime, BeforeValidator(_moment)]


def optional(*, max_length: int | None = None) -> Any:
    """A field that may be left out but not be null: ask ``model_fields_set`` whether it was sent."""
    return Field(default=None, max_length=max_length, json_schema_extra=_without_default)


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


class Body(BaseModel):
    """A request's body: a field that is not known is refused by name instead of being lost silently."""

    model_config = ConfigDict(extra="forbid")


class Query(BaseModel):
    """The parameters of an address. An empty one is as good as none, one that is not known is refused by name."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, values: Any) -> Any:
        return {name: value for name, value in values.items() if value != ""}


class ListQuery(Query):
    """What every list understands."""

    limit: int = Field(default=50, ge=1, le=200, description="How many items at most.")
    cursor: str | None = Field(default=None, description="The `next_cursor` of the page before.")
