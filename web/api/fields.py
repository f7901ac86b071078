"""The kinds of fields that the API's models are made of."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

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


Text: TypeAlias = Annotated[str, StringConstraints(max_length=500), AfterValidator(_storable)]
Name: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_storable)
]
Secret: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), AfterValidator(_storable)
]
HeaderName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
Moment: TypeAlias = Annotated[datetime, BeforeValidator(_moment)]


def optional() -> Any:
    """A field that may be left out but not be null: ask ``model_fields_set`` whether it was sent."""
    return Field(default=None, json_schema_extra=_without_default)


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


class Body(BaseModel):
    """A request's body: a field that is not known is refused by name instead of being lost silently."""

    model_config = ConfigDict(extra="forbid")


class ListQuery(BaseModel):
    """What every list understands. An empty parameter is as good as none."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200, description="How many items at most.")
    cursor: str | None = Field(default=None, description="The `next_cursor` of the page before.")

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, values: Any) -> Any:
        return {name: value for name, value in values.items() if value != ""}
