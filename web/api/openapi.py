"""The OpenAPI document's last touches: what APIFlask generates from the code, made whole and plain."""

import json
import re
from collections.abc import Iterator, MutableMapping
from typing import Any, TypeAlias

from apiflask import APIFlask

from web.api.examples import show_examples
from web.api.headers import COMPONENTS, describe_answers, describe_headers
from web.api.problem_examples import problem_example
from web.auth import needed_scope
from web.errors import PROBLEM_TYPE

Spec: TypeAlias = dict[str, Any]

PREFIX = "/api/v1/"
ALWAYS = {
    "401": "The token is missing, unknown, revoked or expired.",
    "403": "The token's scope does not allow this.",
    "429": "Too many requests; come again after `Retry-After` seconds.",
    "503": "Not now: the database is away, or all streams are taken; come again after `Retry-After` seconds.",
}
_NULL, _EMPTY = {"type": "null"}, {"type": "string", "maxLength": 0}
"""A parameter that may be missing may be empty too, but there is no null in an address."""

WITH_BODY = {"400": "The body is not a JSON object.", "413": "The body is larger than 1 MiB."}
WITH_ID = {"404": "There is no such thing in this workspace."}
WITH_INPUT = {"422": "These fields cannot be accepted; `errors` names each of them."}


def problem_schema() -> Spec:
    """RFC 9457 problem details, as every error is answered."""
    text = {"type": "string"}
    field = {"type": "object", "properties": {"field": text, "message": text}, "required": ["field", "message"]}
    return {
        "type": "object",
        "description": "Problem details (RFC 9457). `code` is stable; `errors` comes with 422.",
        "properties": {
            "type": {**text, "format": "uri"},
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "code": text,
            "errors": {"type": "array", "items": field},
        },
        "required": ["type", "title", "status", "detail", "code"],
        "examples": [problem_example("404", "", "get")],
    }


def describe(app: APIFlask, generated: Spec) -> Spec:
    """The document of the API alone: routes outside of it are left out."""
    spec = _with_plain_names(generated)
    spec["paths"] = {path: item for path, item in spec["paths"].items() if path.startswith(PREFIX)}
    schemas = spec["components"]["schemas"]
    for name in ("HTTPError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = problem_schema()
    spec["components"]["headers"] = COMPONENTS
    for path, method, operation in operations(spec):
        _complete(app, path, method, operation, schemas)
    spec["tags"] = [{"name": tag} for tag in sorted({_tag(path) for path in spec["paths"]})]
    return spec


def operations(spec: Spec) -> Iterator[tuple[str, str, Spec]]:
    """Every operation with its path and method."""
    for path, item in spec["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def _with_plain_names(spec: Spec) -> Spec:
    """Nested models come as ``Parent.Child``, once for each parent; here they are one ``Child``."""
    text = re.sub(r"#/components/schemas/\w+\.", "#/components/schemas/", json.dumps(spec))
    plain: Spec = json.loads(text)
    schemas = plain["components"].get("schemas", {})
    plain["components"]["schemas"] = {name.rpartition(".")[2]: schema for name, schema in sorted(schemas.items())}
    return plain


def _complete(app: APIFlask, path: str, method: str, operation: Spec, schemas: Spec) -> None:
    name = operation["operationId"].removeprefix(f"{method}_api_")
    view = app.view_functions[f"api.{name}"]
    scope = needed_scope(view, method.upper())
    sentence = f"Needs a token with the scope `{scope}`."
    operation["operationId"] = name
    operation["tags"] = [_tag(path)]
    operation["summary"] = operation["summary"].removesuffix(".")
    operation["description"] = f"{operation.get('description', '')}\n\n{sentence}".strip()
    operation["security"] = [{"bearer": []}]
    _describe_parameters(operation)
    describe_headers(operation, view, method)
    _answer_problems(operation, method)
    describe_answers(operation)
    show_examples(operation, schemas)


def _tag(path: str) -> str:
    return path.removeprefix(PREFIX).partition("/")[0].replace("-", " ").capitalize()


def _describe_parameters(operation: Spec) -> None:
    for parameter in operation.get("parameters", ()):
        if text := parameter["schema"].pop("description", None):
            parameter["description"] = text
        if parameter["in"] == "query" and _NULL in parameter["schema"].get("anyOf", ()):
            parameter["schema"]["anyOf"] = [*(kind for kind in parameter["schema"]["anyOf"] if kind != _NULL), _EMPTY]
    if "requestBody" in operation:
        operation["requestBody"]["required"] = True


def _answer_problems(operation: Spec, method: str) -> None:
    """Every error that the operation may answer, always as a problem."""
    responses: MutableMapping[str, Spec] = operation["responses"]
    has_body, parameters = "requestBody" in operation, operation.get("parameters", ())
    expected = ALWAYS | (WITH_BODY if has_body else {})
    expected |= WITH_ID if any(parameter["in"] == "path" for parameter in parameters) else {}
    expected |= WITH_INPUT if has_body or any(parameter["in"] != "path" for parameter in parameters) else {}
    for status, text in expected.items():
        responses[status] = {"description": text}
    for status, response in responses.items():
        if status >= "400":
            schema = {"$ref": "#/components/schemas/Problem"}
            example = problem_example(status, operation["tags"][0], method)
            response["content"] = {PROBLEM_TYPE: {"schema": schema, "example": example}}
    operation["responses"] = dict(sorted(responses.items()))
