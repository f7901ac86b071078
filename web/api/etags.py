"""Entity tags: a state has a name, so that readers skip what they have and writers overwrite nothing unseen.

https://www.rfc-editor.org/rfc/rfc9110#section-13
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, after_this_request, request
from pydantic import BaseModel

from core.errors import SignalboxError

View = TypeVar("View", bound=Callable[..., Any])
Shown = TypeVar("Shown", bound=BaseModel)

_CHARACTERS = 32
UNTAGGED = frozenset({"complete_until", "last_used_at", "signature_verified_at", "socket_opened_at"})


def has_etag(view: View) -> View:
    """Marks a view that answers with `tagged`, for the OpenAPI document."""
    vars(view)["has_etag"] = True
    return view


def tagged(shown: Shown) -> Shown:
    """The same; the answer carries its tag, and is 304 without a body when ``If-None-Match`` names that tag."""
    tag = etag_of(shown)

    @after_this_request
    def _tag(response: Response) -> Response:
        if response.status_code != 200:
            return response
        response.set_etag(tag)
        if request.method in ("GET", "HEAD") and request.if_none_match.contains_weak(tag):
            response.status_code = 304
            response.set_data(b"")
        return response

    return shown


def require_match(present: BaseModel) -> None:
    """To be asked while the row is locked. Raises with reason ``precondition_failed`` when ``If-Match`` was sent and
    does not name the present state.
    """
    if "If-Match" in request.headers and not request.if_match.contains(etag_of(present)):
        message = "It was changed since: read it again and repeat the change with its new ETag."
        raise SignalboxError("precondition_failed", message)


def etag_of(shown: BaseModel) -> str:
    """The strong tag of what is shown, without quotes: any visible difference makes another one, but for the fields in
    ``UNTAGGED``, which change by themselves all the time: nobody would ever be in time with a change.
    """
    canonical = json.dumps(shown.model_dump(mode="json", exclude=set(UNTAGGED)), sort_keys=True).encode()
    return hashlib.sha256(canonical).hexdigest()[:_CHARACTERS]
