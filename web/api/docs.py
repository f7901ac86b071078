"""``/api/docs``: the OpenAPI document as a page, rendered here and without anything from elsewhere."""

from itertools import groupby
from typing import Any, cast

from apiflask import APIFlask
from flask import Blueprint, current_app, render_template

from web.api.openapi import operations

docs = Blueprint(
    "api_docs", __name__, template_folder="templates", static_folder="static", static_url_path="/api/docs/static"
)


@docs.get("/api/docs")
def show_docs() -> str:
    """Every operation of the API, by resource."""
    spec = cast("dict[str, Any]", cast("APIFlask", current_app).spec)
    listed = sorted(operations(spec), key=lambda entry: (entry[2]["tags"][0], entry[0]))
    by_tag = [(tag, list(entries)) for tag, entries in groupby(listed, key=lambda entry: entry[2]["tags"][0])]
    return render_template("api_docs.html", spec=spec, by_tag=by_tag, sent=_bodies(spec))


def _bodies(spec: dict[str, Any]) -> set[str]:
    """The names of the objects that callers send."""
    bodies = [operation["requestBody"] for _, _, operation in operations(spec) if "requestBody" in operation]
    return {body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2] for body in bodies}
