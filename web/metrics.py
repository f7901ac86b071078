"""``/metrics`` for Prometheus, behind ``SIGNALBOX_METRICS_TOKEN``; without the token there is no such page."""

import time
from typing import TYPE_CHECKING, cast

from flask import Blueprint, Flask, Response, abort, current_app, g, request

from core.errors import Unauthenticated
from core.signatures import equals_any
from web.api.stream import streams_of
from web.services import services

if TYPE_CHECKING:
    from web.figures import Figures

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
DOORS = {"slack_ingress": "slack", "generic_ingress": "webhook", "keyed_ingress": None}
"""The blueprints of the doors, with their platform; None is named in the address."""

_EXTENSION = "signalbox_figures"

metrics = Blueprint("metrics", __name__)


@metrics.get("/metrics")
def show_metrics() -> Response:
    """The figures. Raises `Unauthenticated` (``metrics_token_mismatch``); 404 when there is no token to know."""
    token = services().settings.metrics_token
    if not token:
        abort(404)
    if not equals_any([f"Bearer {token}"], request.headers.get("Authorization", "")):
        raise Unauthenticated("metrics_token_mismatch", "Send `Authorization: Bearer` with SIGNALBOX_METRICS_TOKEN.")
    return Response(_figures().text(), content_type=CONTENT_TYPE)


def register_metrics(app: Flask) -> None:
    """Adds the page and, when there is a token, the counting. To be called after the API's registration."""
    app.register_blueprint(metrics)
    with app.app_context():
        its = services()
        if not its.settings.metrics_token:
            return
        from web.figures import Figures  # noqa: PLC0415  # its library reads the environment when imported

        figures = app.extensions[_EXTENSION] = Figures(its.database, its.clock)
        streams_of(app).watch = figures.streams.inc
    app.before_request(_begin)
    app.after_request(_count)


def _figures() -> "Figures":
    return cast("Figures", current_app.extensions[_EXTENSION])


def _begin() -> None:
    g.began = time.perf_counter()


def _count(response: Response) -> Response:
    """Labels are of our own making: whatever strangers send, there are only so many."""
    method = request.method if request.method in METHODS else "other"
    route = request.url_rule.rule if request.url_rule else "unmatched"
    began = cast("float | None", g.get("began"))
    if began is not None:
        labels = (method, route, f"{response.status_code // 100}xx")
        _figures().durations.labels(*labels).observe(time.perf_counter() - began)
    if request.blueprint in DOORS and method == "POST":
        _figures().inbound.labels(_platform(), _outcome(response.status_code)).inc()
    return response


def _platform() -> str:
    named = DOORS[request.blueprint or ""] or (request.view_args or {}).get("platform", "")
    return named if named in services().adapters else "unknown"


def _outcome(status: int) -> str:
    if status < 400:
        return "accepted"
    if status == 503:
        return "unavailable"
    return {401: "refused", 500: "failed"}.get(status, "invalid")
