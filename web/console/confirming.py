"""What ends or deletes something is done only once its form says that the page asked first, with or without scripts."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from flask import request

from core.errors import Conflict

P = ParamSpec("P")
R = TypeVar("R")

CONFIRMED_FIELD = "confirmed"
"""Part of the forms of `question.html` and of the macro ``ask_in_place``, which say what happens."""


def is_confirmed() -> bool:
    """Whether the form came from a page that asked."""
    return request.form.get(CONFIRMED_FIELD) == "1"


def require_confirmation() -> None:
    """Raises `Conflict` (``not_confirmed``) for a form that asked nobody."""
    if not is_confirmed():
        raise Conflict("not_confirmed", "Nothing was done, as nobody was asked first. Go back and confirm it there.")


def once_confirmed(view: Callable[P, R]) -> Callable[P, R]:
    """Below the decorator that asks for a role: whoever may not do it is told so first."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        require_confirmation()
        return view(*args, **kwargs)

    return guarded
