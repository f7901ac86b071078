"""Forms: read once into typed values, and shown again with what cannot be accepted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from flask import Response, make_response, render_template, request
from pydantic import BaseModel, ValidationError

from core.errors import FieldError, InvalidFields, SignalboxError
from core.taming import clean
from web.console.confirming import CONFIRMED_FIELD
from web.console.frame import frame_of
from web.console.resending import Aftermath, leave_word
from web.errors import status_of
from web.security import CSRF_FIELD
from web.services import services
from web.session import Visitor

Form = TypeVar("Form", bound=BaseModel)
_OURS = {CSRF_FIELD, CONFIRMED_FIELD}
"""Fields of every form that are no part of what is asked for."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a form was not accepted: a sentence, and one for each field that is wrong."""

    message: str
    errors: Sequence[FieldError] = ()

    def at(self, name: str) -> list[str]:
        """What is wrong with this field, or with a part of it."""
        return [error.message for error in self.errors if name in error.field.split(".")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A page that asks before something is done. ``fields`` go along with the answer."""

    title: str
    happens: Sequence[str]
    button: str
    back: str
    fields: Sequence[tuple[str, str]] = ()
    is_destructive: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page that shows secrets, this once: label and value of each, where to go on, and what to do if they are
    missed.
    """

    title: str
    explanation: str
    values: Sequence[tuple[str, str]]
    back: str
    missed: str


def read_form(model: type[Form], **given: Any) -> Form:
    """The request's form as this model; fields left empty count as not sent. Raises `InvalidFields`."""
    sent = {name: clean(value) for name, value in request.form.items() if name not in _OURS and value.strip()}
    return validated(model, {**sent, **given})


def validated(model: type[Form], values: Mapping[str, Any]) -> Form:
    """These values as the model. Raises `InvalidFields` that names each wrong one."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = [(".".join(map(str, each["loc"])), each["msg"]) for each in error.errors(include_url=False)]
        raise InvalidFields([FieldError(name, _plain(message)) for name, message in found]) from None


def refusal_of(error: SignalboxError) -> tuple[Refusal, int]:
    """What to show above the form, and the status of the page. Our own faults are raised again."""
    status = status_of(error)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise error
    return Refusal(error.message, error.errors if isinstance(error, InvalidFields) else ()), status


def page(visitor: Visitor, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page inside the frame."""
    with services().database.read() as session:
        frame = frame_of(session, visitor)
    return make_response(render_template(f"admin/{template}", frame=frame, visitor=visitor, **values), status)


def ask(visitor: Visitor, question: Question) -> Response:
    """The page that asks before something is done; its form posts to the same address."""
    return page(visitor, "question.html", question=question)


def show_once(visitor: Visitor, shown: Shown) -> Response:
    """The page with secrets: the answer to the POST itself, kept by nobody. The view is `once_per_form`."""
    made = f"{shown.title} was shown that once."
    leave_word(Aftermath(made=made, missed=shown.missed, url=shown.back))
    response = page(visitor, "shown_once.html", shown=shown)
    response.headers["Cache-Control"] = "no-store"
    return response


def _plain(message: str) -> str:
    sentence = message.removeprefix("Value error, ")
    return "This field is required." if sentence == "Field required" else f"{sentence.rstrip('.')}."
