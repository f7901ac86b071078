"""The blueprint that every resource of the API hangs its routes on."""

from apiflask import APIBlueprint
from flask import Response

from web.auth import authenticate

api = APIBlueprint("api", __name__, url_prefix="/api/v1")
api.before_request(authenticate)


@api.after_request
def _keep_out_of_caches(response: Response) -> Response:
    """Answers may show a secret once; no cache on the way may show it twice."""
    response.headers["Cache-Control"] = "no-store"
    return response
