"""Every error is a problem, and none tells of the inside."""

import sqlite3

import pytest
from flask import Flask, abort
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from core.errors import Conflict, FieldError, InvalidFields, NotFound, NotJsonObject, SealBroken, SignalboxError
from core.logs import configure_logs
from web.errors import problem, register_errors

RAISED: dict[str, Exception] = {
    "missing": NotFound("signal"),
    "invalid": InvalidFields([FieldError("a.b\ud800", "This must be short.")]),
    "unreadable": NotJsonObject(),
    "conflict": Conflict("taken", "Somebody was faster."),
    "other": SignalboxError("odd", "This is odd."),
    "sealed": SealBroken("seal_broken", "the inside"),
    "away": OperationalError("SELECT the inside", {}, sqlite3.OperationalError("database is locked")),
    "broken": ValueError("the inside"),
}


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("errors")
    register_errors(app)

    @app.get("/raise/<name>")
    def fail(name: str) -> str:
        raise RAISED[name]

    @app.get("/abort/<int:status>")
    def give_up(status: int) -> str:
        abort(status)

    @app.get("/fine/")
    def fine() -> str:
        return "fine"

    return app.test_client()


def told(answer: TestResponse) -> tuple[int, str]:
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json()
    assert body.keys() >= {"type", "title", "status", "detail", "code"}
    assert body["status"] == answer.status_code
    assert body["type"] == f"urn:signalbox:problem:{body['code']}"
    assert "inside" not in answer.text
    return answer.status_code, body["code"]


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("missing", 404, "not_found"),
        ("invalid", 422, "invalid_fields"),
        ("unreadable", 400, "not_json_object"),
        ("conflict", 409, "taken"),
        ("other", 400, "odd"),
        ("sealed", 503, "seal_broken"),
        ("away", 503, "database_unavailable"),
        ("broken", 500, "internal_error"),
    ],
)
def test_errors_become_problems(client: FlaskClient, name: str, status: int, code: str) -> None:
    assert told(client.get(f"/raise/{name}")) == (status, code)


def test_fields_are_named(client: FlaskClient) -> None:
    assert client.get("/raise/invalid").get_json()["errors"] == [{"field": "a.b?", "message": "This must be short."}]


def test_whoever_finds_the_database_away_may_come_again(client: FlaskClient) -> None:
    assert int(client.get("/raise/away").headers["Retry-After"]) > 0


def test_refusals_of_the_framework_are_problems_too(client: FlaskClient) -> None:
    assert told(client.get("/nowhere")) == (404, "not_found")
    refused = client.post("/raise/missing")
    assert told(refused) == (405, "method_not_allowed")
    assert set(refused.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert told(client.get("/abort/413")) == (413, "payload_too_large")
    assert told(client.get("/abort/415")) == (415, "unsupported_media_type")
    assert told(client.get("/abort/418")) == (418, "i_m_a_teapot")
    assert client.get("/fine").status_code == 308


def test_the_log_tells_where_and_not_what(client: FlaskClient, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    client.get("/raise/broken")
    logged = capsys.readouterr().err
    assert "request_failed" in logged
    assert "ValueError" in logged
    assert "test_errors.py" in logged
    assert "inside" not in logged


def test_a_problem_has_its_headers() -> None:
    answer = problem(401, "signature_mismatch", "The signature does not match.", headers={"WWW-Authenticate": "Bearer"})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    assert answer.get_json()["title"] == "Signature mismatch"
