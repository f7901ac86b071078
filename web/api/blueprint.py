"""The blueprint that every resource of the API hangs its routes on, and the rules that hold on all of them."""

from apiflask import APIBlueprint
from flask import Response, current_app, request

from core.errors import FieldError, InvalidFields
from web.api.idempotency import begin_once, keep_answer
from web.api.limits import refuse_guessing, show_quota, take_quota
from web.auth import authenticate

api = APIBlueprint("api", __name__, url_prefix="/api/v1")
api.before_request(refuse_guessing)
api.before_request(authenticate)
api.before_request(take_quota)
api.before_request(begin_once)


@api.before_request
def _refuse_repeated() -> None:
    """A parameter that is sent twice could mean either value: it is named instead of one being chosen silently."""
    view = current_app.view_functions[request.endpoint or ""]
    reads_query = any(location == "query" for _, location in getattr(view, "_spec", {}).get("args", ()))
    repeated = [name for name, values in request.args.lists() if len(values) > 1]
    if reads_query and repeated:
        raise InvalidFields([FieldError(name, "Send this once.") for name in repeated])


@api.after_request
def _keep_out_of_caches(response: Response) -> Response:
    """Answers may show a secret once; no cache on the way may show it twice."""
    response.headers["Cache-Control"] = "no-store"
    return response


api.after_request(show_quota)
api.after_request(keep_answer)
