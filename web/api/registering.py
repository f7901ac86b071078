"""Puts the REST API and its document into an application: every module with routes is imported here."""

from importlib.metadata import version
from typing import Any

from apiflask import APIFlask
from flask import Request
from flask.sansio.blueprints import Blueprint

from core.errors import NotJsonObject
from core.taming import parse_object
from web.api import (
    accounts,
    api_tokens,
    audit_log,
    channels,
    conversation_detail,
    conversations,
    erasures,
    events,
    export,
    features,
    imports,
    install_links,
    integration_rotation,
    integrations,
    invitations,
    knocks,
    me,
    members,
    saved_views,
    sign_ins,
    signal_changes,
    signal_history,
    signals,
    slack_apps,
    stats,
    stream,
    webhook_keys,
    workspaces,
)
from web.api.blueprint import api
from web.api.docs import docs
from web.api.introduction import INTRODUCTION
from web.api.openapi import describe, problem_schema
from web.api.stream import Streams, allow_streams

__all__ = [
    "accounts",
    "api_tokens",
    "audit_log",
    "channels",
    "conversation_detail",
    "conversations",
    "erasures",
    "events",
    "export",
    "features",
    "imports",
    "install_links",
    "integration_rotation",
    "integrations",
    "invitations",
    "knocks",
    "make_flask",
    "me",
    "members",
    "register_api",
    "saved_views",
    "sign_ins",
    "signal_changes",
    "signal_history",
    "signals",
    "slack_apps",
    "stats",
    "stream",
    "webhook_keys",
    "workspaces",
]  # fmt: skip

LARGEST_BODY = 1024 * 1024


class JsonRequest(Request):
    """A request whose JSON is parsed totally: however deep or broken, it is an object or `NotJsonObject`."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: ARG002  # Werkzeug's signature
        """The body's object; an empty body is an object without fields."""
        body = self.get_data()
        try:
            return parse_object(body) if body else {}
        except NotJsonObject:
            if silent:
                return None
            raise


class _App(APIFlask):
    """APIFlask that knows how to pass over the blueprints that are not part of the API."""

    request_class = JsonRequest

    def register_blueprint(self, blueprint: Blueprint, **options: Any) -> None:
        """See Flask. The generator asks every blueprint that has hooks whether it is to be described."""
        vars(blueprint).setdefault("enable_openapi", False)
        super().register_blueprint(blueprint, **options)


def make_flask() -> APIFlask:
    """The Flask app, configured and without any route but the OpenAPI document."""
    app = _App(
        "web",
        title="Signalbox API",
        version=version("signalbox"),
        spec_path="/api/openapi.json",
        docs_path=None,
        json_errors=False,
        static_folder=None,  # type: ignore[arg-type]  # Flask's own way to say that there is none
    )
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        OPENAPI_VERSION="3.1.0",
        AUTO_SERVERS=False,
        AUTO_TAGS=False,
        AUTO_OPERATION_ID=True,
        HTTP_ERROR_SCHEMA=problem_schema(),
        VALIDATION_ERROR_SCHEMA=problem_schema(),
        DESCRIPTION=INTRODUCTION,
        SECURITY_SCHEMES={"bearer": {"type": "http", "scheme": "bearer", "description": "An API token: `sbx_…`."}},
    )

    @app.spec_processor
    def _whole(spec: Any) -> Any:
        return describe(app, spec)

    return app


def register_api(app: APIFlask, *, streams: Streams | None = None) -> None:
    """Adds the routes of the API and of its page. Whoever serves them to strangers adds `limits.limit_requests`."""
    allow_streams(app, streams or Streams())
    app.register_blueprint(api)
    app.register_blueprint(docs)
