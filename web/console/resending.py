"""Forms that make something make it once: a reload of the answer or a second click finds what the first one did.

Every page's forms carry a CSRF token under a mask of its own (`web.security.csrf_token`). So a form that is sent again
is the same request to the letter, and no other form ever is: the keyed digest of a request is the key of its answer.
Of the answer only what may be seen again is kept, and never a secret.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import wraps
from http import HTTPStatus
from typing import Concatenate, ParamSpec, cast

from flask import g, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from core.errors import Conflict
from oauth.sessions import SESSION_LIVES
from web.console.frame import frame_of
from web.once import Claim, Earlier, claim, release, settle
from web.services import services
from web.session import Visitor

P = ParamSpec("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What a form that is sent again is told: what was made, what to do if it was missed, and where to go on."""

    made: str
    missed: str
    url: str


def once_per_form(
    view: Callable[Concatenate[Visitor, P], Response],
) -> Callable[Concatenate[Visitor, P], Response]:
    """For a view that makes something and answers with a redirect, or with secrets after `leave_word`.

    What it refuses is not remembered. Raises `Conflict` (``form_at_work``) while the first one is not done yet.
    """

    @wraps(view)
    def once(visitor: Visitor, /, *args: P.args, **kwargs: P.kwargs) -> Response:
        key = form_key()
        found = claim(visitor.workspace_id, key, key)
        if isinstance(found, Earlier):
            return _seen_again(visitor, found)
        try:
            response = view(visitor, *args, **kwargs)
        except BaseException:
            release(found)
            raise
        _remember(found, response)
        return response

    return once


def leave_word(aftermath: Aftermath) -> None:
    """What to say if the form behind this answer is sent again."""
    g.aftermath = aftermath


def form_key() -> str:
    """The same for a form that is sent again, and for no other."""
    fields = json.dumps([*request.form.items(multi=True)])
    return services().digester.digest("sent_form", f"{request.path}\n{fields}")


def _remember(mine: Claim, response: Response) -> None:
    """For as long as the form's own token is good."""
    aftermath = cast("Aftermath | None", g.pop("aftermath", None))
    if response.status_code == HTTPStatus.SEE_OTHER:
        settle(mine, response.status_code, json.dumps(response.location), SESSION_LIVES)
    elif aftermath is not None:
        settle(mine, response.status_code, json.dumps(asdict(aftermath)), SESSION_LIVES)
    else:
        release(mine)


def _seen_again(visitor: Visitor, earlier: Earlier) -> Response:
    if earlier.status is None:
        raise Conflict("form_at_work", "This form was sent just now and is still at work. Look again in a moment.")
    answer = json.loads(earlier.answer)
    if isinstance(answer, str):
        return redirect(answer, HTTPStatus.SEE_OTHER)
    with services().database.read() as session:
        frame = frame_of(session, visitor)
    return make_response(render_template("resent.html", frame=frame, word=Aftermath(**answer)))
