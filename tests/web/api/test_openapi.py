"""The document tells of every route, and holds together by itself."""

import re
from pathlib import Path
from typing import Any

from apiflask import APIFlask
from flask import Blueprint, Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from tests.web.api.conftest import Api, spec
from web.api.openapi import operations, problem_schema
from web.api.registering import make_flask, register_api


def routes(app: Flask) -> set[tuple[str, str]]:
    return {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [ref for item in value.values() for ref in references(item)]
    return [ref for item in value for ref in references(item)] if isinstance(value, list) else []


def test_every_route_is_described(app: APIFlask) -> None:
    assert {(path, method) for path, method, _ in operations(spec())} == routes(app)


def test_the_document_is_openapi_3_1_with_bearer_tokens(client: FlaskClient) -> None:
    document = client.get("/api/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    assert document["info"]["title"] == "Signalbox API"
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert all(operation["security"] == [{"bearer": []}] for _, _, operation in operations(document))


def test_every_reference_resolves_and_no_definition_is_nested() -> None:
    schemas, headers = spec()["components"]["schemas"], spec()["components"]["headers"]
    known = {f"#/components/schemas/{name}" for name in schemas} | {f"#/components/headers/{name}" for name in headers}
    assert set(references(spec())) == known
    assert "$defs" not in str(spec())
    assert all("." not in name for name in schemas)


def test_every_schema_is_valid_and_fits_its_examples() -> None:
    components = spec()["components"]
    for name, schema in components["schemas"].items():
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})
        for example in schema.get("examples", ()):
            validator.validate(example)
    for _, _, operation in operations(spec()):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        if "example" in content:
            Draft202012Validator({**content["schema"], "components": components}).validate(content["example"])


def test_every_body_and_every_answer_has_an_example_and_every_object_its_fields() -> None:
    bare = [
        (path, method, status)
        for path, method, operation in operations(spec())
        for status, holder in {"body": operation.get("requestBody", {}), **operation["responses"]}.items()
        for content in holder.get("content", {}).values()
        if "example" not in content
    ]
    assert bare == []
    empty = [name for name, schema in spec()["components"]["schemas"].items() if not schema.get("properties")]
    assert empty == []


def test_every_answers_example_is_what_is_promised() -> None:
    for path, method, operation in operations(spec()):
        for response in operation["responses"].values():
            for kind, content in response.get("content", {}).items():
                if kind == "application/json":
                    schema = {**content["schema"], "components": spec()["components"]}
                    problems = [error.message for error in Draft202012Validator(schema).iter_errors(content["example"])]
                    assert problems == [], (path, method)


def test_every_errors_example_is_of_its_status_and_a_reason_that_is_explained() -> None:
    explained = Path("docs/reasons.md").read_text(encoding="utf-8")
    for path, method, operation in operations(spec()):
        for status, response in operation["responses"].items():
            if status >= "400":
                shown = response["content"]["application/problem+json"]["example"]
                assert shown["status"] == int(status), (path, method)
                assert f"`{shown['code']}`" in explained, shown
                Draft202012Validator(problem_schema()).validate(shown)


def test_every_patch_can_be_guarded_by_an_etag() -> None:
    patches = [operation for _, method, operation in operations(spec()) if method == "patch"]
    assert len(patches) >= 4
    assert all("If-Match" in {each["name"] for each in patch["parameters"]} for patch in patches)


def test_every_operation_is_named_once_and_answers_problems() -> None:
    names = [operation["operationId"] for _, _, operation in operations(spec())]
    assert len(names) == len(set(names))
    for path, method, operation in operations(spec()):
        assert operation["summary"], (path, method)
        assert {"401", "403", "503"} <= operation["responses"].keys(), (path, method)
        assert any(status.startswith("2") for status in operation["responses"]), (path, method)
        parameters = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "path"}
        assert parameters == set(re.findall(r"{(\w+)}", path))


def test_other_routes_stay_out_of_the_document() -> None:
    app = make_flask()
    register_api(app)
    door = Blueprint("door", __name__)
    door.add_url_rule("/webhooks/signals", "take", lambda: "", methods=["POST"])
    door.before_request(lambda: None)
    app.register_blueprint(door)
    app.add_url_rule("/livez", "livez", lambda: "")
    assert all(path.startswith("/api/v1/") for path in app.spec["paths"])  # type: ignore[index]  # the JSON format


def test_the_page_shows_every_operation_and_loads_nothing_from_elsewhere(client: FlaskClient) -> None:
    page = client.get("/api/docs")
    assert page.status_code == 200
    assert all(f'id="{operation["operationId"]}"' in page.text for _, _, operation in operations(spec()))
    assert re.findall(r'(?:src|href)="(?!#|/|data:)', page.text) == []
    assert "<style" not in page.text
    assert "<strong>Lists</strong> come in pages" in page.text, "what holds for all of them"
    assert "<code>name</code> (required)" in page.text, "what a body must have"
    assert "<code>text/event-stream</code>" in page.text, "what is no JSON"
    assert '<pre>{\n  "name": "Warehouse"' in page.text, "an example of a body"
    with client.get("/api/docs/static/docs.css") as style:
        assert style.mimetype == "text/css"


def test_answers_stay_out_of_caches(api: Api) -> None:
    assert api.get("/me").headers["Cache-Control"] == "no-store"
    assert Api(api.client, None).get("/me").headers["Cache-Control"] == "no-store"
