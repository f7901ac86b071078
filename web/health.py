"""Liveness and readiness."""

from flask import Blueprint, Response, jsonify

from db.migrate import current_revision, head_revision
from web.services import services

health = Blueprint("health", __name__)


@health.get("/livez")
def livez() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@health.get("/readyz")
def readyz() -> tuple[Response, int]:
    """The database answers and has the schema this code needs; 503 otherwise (a database that is away raises it)."""
    at, needed = current_revision(services().database), head_revision()
    is_ready = at == needed
    return jsonify(status="ready" if is_ready else "migrations_missing", revision=at), 200 if is_ready else 503
