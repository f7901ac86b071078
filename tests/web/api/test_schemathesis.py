"""schemathesis over the whole document: every operation answers what it promises, whatever is sent."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from apiflask import APIFlask
from flask import Flask
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as how
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok

from core.settings import Settings
from db import Database
from sandbox.server import SandboxServer
from tests.web.api.conftest import PUBLIC_URL, Tenant
from tests.web.api.test_isolation import alices_ids

load_all_checks()
ALL_CHECKS = [check for check in CHECKS.get_all() if check.__name__ != "positive_data_acceptance"]
KNOWN_BY_THEIR_MEANING = {"cursor", "Last-Event-ID", "platform", "pylon_region", "access_token", "json"}
"""Fields of which no schema tells what they may be: a page's cursor, the name of a platform that is installed, and
(``json``) which fields go together."""
RELATIONS = {
    "This must be in the past.",
    "This must be in the future.",
    "This is the client secret; the signing secret is another line.",
    "This token is of another Slack app.",
    "One secret must remain: nobody could prove to be the platform.",
}
"""What is said of a field that looks right but does not go with the clock, another field, or the row it is for."""

PROBES = how(
    max_examples=10,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def settings() -> Iterator[Settings]:
    """With a Slack that finds every credential right."""
    slack = Flask("slack")
    slack.add_url_rule("/slack/api/<method>", "agree", lambda method: {"ok": True, "method": method}, methods=["POST"])
    with SandboxServer(slack) as server:
        yield Settings(public_url=PUBLIC_URL, slack_api_url=server.slack_api_url)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_operation_keeps_its_promises(
    app: APIFlask, database: Database, alice: Tenant, mode: GenerationMode
) -> None:
    """Each is asked twice: for things that nobody has, and for Alice's own."""
    ids = alices_ids(database, alice)
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    operations = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    for operation in sorted(operations, key=lambda operation: operation.method == "delete"):
        own = {name: identity for name, identity in ids.items() if f"{{{name}}}" in operation.path}
        for path_parameters in (None, own) if own else (None,):
            cases = operation.as_strategy(generation_mode=mode, path_parameters=path_parameters)
            try:
                probe(cases, mode, alice.tokens["admin"])
            except Exception as error:
                error.add_note(f"{operation.label} {path_parameters}")
                raise
    assert len(operations) >= 20


def probe(cases: SearchStrategy[Any], mode: GenerationMode, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}

    @PROBES
    @given(case=cases)
    def ask(case: Any) -> None:
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=ALL_CHECKS, headers=headers)
        if mode is GenerationMode.POSITIVE and answer.status_code in (400, 422):
            told = answer.json()
            unforetold = [
                error for error in told.get("errors", ())
                if error["field"] not in KNOWN_BY_THEIR_MEANING and error["message"] not in RELATIONS
            ]  # fmt: skip
            assert told["code"] in ("idempotency_key_reused", "invalid_fields"), told
            assert unforetold == [], (case.body, unforetold)

    ask()
