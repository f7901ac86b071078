"""Errors as pages: what happened, in a sentence, and where to go from there."""

from http import HTTPStatus

from flask import Response, make_response, render_template

from core.errors import SignalboxError
from web.errors import status_of

_TITLES = {HTTPStatus.FORBIDDEN: "This is not open to you", HTTPStatus.NOT_FOUND: "Nothing here"}


def problem_page(status: int, title: str, message: str, *, command: str = "") -> Response:
    """A page that stands alone, for anybody, signed in or not; ``command`` is what the operator can do about it."""
    page = render_template("problem.html", status=status, title=title, message=message, command=command)
    return make_response(page, status)


def refused(error: SignalboxError) -> Response:
    """The page for an error of the console; our own faults go on to where they are logged."""
    status = HTTPStatus(status_of(error))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise error
    return problem_page(status, _TITLES.get(status, "That did not work"), error.message)
