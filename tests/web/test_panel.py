"""What Pylon shows beside an issue: only to Pylon, only of this workspace, and what the conversation holds."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from apiflask import APIFlask
from werkzeug.test import TestResponse

from core.digests import Digester
from core.signatures import hmac_sha256_hex
from db import Database, Integration, Workspace
from integrations.pylon.custom_app import marshalled, parameters
from tests.conftest import NOW, StillClock
from tests.web.api.rows import add_conversation, add_signal
from tests.web.whole import whole_web

ORGANISATION = "org-1"
ISSUE = "2f1c"


class Desk:
    """A workspace's connection to Pylon, and Pylon's Custom App that asks at it."""

    def __init__(self, app: APIFlask, database: Database, digester: Digester, name: str, **row: Any) -> None:
        key = digester.issue("ingest_key")
        with database.write() as session:
            workspace = Workspace(name=name, slug=name)
            session.add(workspace)
            session.flush()
            given = {"webhook_secret": "whsec", "header_name": "Authorization", "header_secret": "tok"} | row
            session.add(Integration(
                workspace_id=workspace.id, platform="pylon", name=name, ingest_key_digest=key.digest, **given
            ))  # fmt: skip
        self.workspace_id, self._path, self._app = workspace.id, f"/webhooks/pylon/{key.token}/app", app

    def ask(self, secret: str = "whsec", token: str = "tok", **query: str) -> TestResponse:
        text = urlencode(query).encode()
        signature = hmac_sha256_hex(secret, marshalled(parameters(text)))
        headers = {"Authorization": f"Bearer {token}", "X-Pylon-Signature": signature}
        return self._app.test_client().get(self._path, query_string=text.decode(), headers=headers)

    def fetch(self, **query: str) -> TestResponse:
        asked = {"request_type": "fetch_data", "issue_id": ISSUE, "organization_id": ORGANISATION} | query
        return self.ask(**asked)


@pytest.fixture
def app(database: Database, digester: Digester, clock: StillClock) -> APIFlask:
    return whole_web(database, digester, clock)


@pytest.fixture
def desk(app: APIFlask, database: Database, digester: Digester) -> Desk:
    return Desk(app, database, digester, "acme", pylon_account_id=ORGANISATION)


def test_the_handshake_is_answered_to_pylon_alone(desk: Desk) -> None:
    answer = desk.ask(request_type="verify", code="0bcb6f58<")
    assert (answer.status_code, answer.get_json()) == (200, {"code": "0bcb6f58<"})
    assert answer.mimetype == "application/json"
    for wrong in ({"secret": "other"}, {"token": "other"}):
        refused = desk.ask(request_type="verify", code="0bcb6f58", **wrong)
        assert (refused.status_code, "0bcb6f58" in refused.text) == (401, False)


def test_the_conversations_signals_are_shown(desk: Desk, database: Database) -> None:
    conversation = add_conversation(database, desk.workspace_id, ("pylon_issue", ISSUE), ("slack_thread", "C1:1.0"))
    for number in range(7):
        add_signal(database, desk.workspace_id, f"C1:{number}", minutes=number, verbatim=f"words {number}",
                   conversation_id=conversation, author_name="Ada")  # fmt: skip
    add_signal(database, desk.workspace_id, "C1:gone", conversation_id=conversation, deleted_at=NOW, verbatim="gone")
    shown = desk.fetch().get_json()
    said = [card["components"][0]["value"] for card in shown["components"] if card["type"] == "card"]
    assert said == [f"words {number}" for number in range(5)]
    assert "2 more" in str(shown)
    assert shown["components"][-1]["url"] == f"http://localhost/conversations/{conversation}"
    assert "gone" not in str(shown)


def test_another_workspaces_words_are_not_shown(
    app: APIFlask, desk: Desk, database: Database, digester: Digester
) -> None:
    other = Desk(app, database, digester, "other", pylon_account_id="org-2")
    conversation = add_conversation(database, desk.workspace_id, ("pylon_issue", ISSUE))
    add_signal(database, desk.workspace_id, conversation_id=conversation, verbatim="acme's words")
    answer = other.fetch(organization_id="org-2")
    assert answer.status_code == 200
    assert "acme's words" not in answer.text
    assert "Nothing was heard" in answer.text
    mixed = other.fetch(organization_id=ORGANISATION)
    assert (mixed.status_code, mixed.get_json()["code"]) == (403, "organisation_mismatch")


def test_an_organisation_that_was_never_proved_is_not_compared(
    app: APIFlask, database: Database, digester: Digester
) -> None:
    assert Desk(app, database, digester, "limited").fetch(organization_id="any").status_code == 200


def test_the_apps_own_secret_takes_the_webhooks_place(app: APIFlask, database: Database, digester: Digester) -> None:
    desk = Desk(app, database, digester, "own", app_secret="appsec")
    assert desk.ask("appsec", request_type="verify", code="1").status_code == 200
    assert desk.ask("whsec", request_type="verify", code="1").status_code == 401


def test_an_old_webhook_secret_counts_until_its_end(
    app: APIFlask, database: Database, digester: Digester, clock: StillClock
) -> None:
    ends = NOW + timedelta(hours=1)
    previous = {"previous_webhook_secret": "old", "previous_webhook_secret_expires_at": ends}
    desk = Desk(app, database, digester, "rotating", **previous)
    assert desk.ask("old", request_type="verify", code="1").status_code == 200
    clock.advance(hours=1)
    assert desk.ask("old", request_type="verify", code="1").status_code == 401


def test_the_apps_old_secret_counts_beside_the_new_one_until_its_end(
    app: APIFlask, database: Database, digester: Digester, clock: StillClock
) -> None:
    ends = NOW + timedelta(hours=1)
    previous = {"app_secret": "new", "previous_app_secret": "old", "previous_app_secret_expires_at": ends}
    desk = Desk(app, database, digester, "rotating", **previous)
    assert [desk.ask(secret, request_type="verify", code="1").status_code for secret in ("new", "old", "whsec")] == [
        200, 200, 401,
    ]  # fmt: skip
    clock.advance(hours=1)
    assert [desk.ask(secret, request_type="verify", code="1").status_code for secret in ("new", "old")] == [200, 401]


@pytest.mark.parametrize("query", [{}, {"request_type": "delete"}, {"request_type": "fetch_data"}])
def test_other_questions_are_refused_by_name(desk: Desk, query: dict[str, str]) -> None:
    answer = desk.ask(**query)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "panel_question_unknown")


@pytest.mark.parametrize("path", ["/webhooks/pylon/unknown/app", "/webhooks/slack/unknown/app", "/webhooks/%00/x/app"])
def test_nobody_learns_which_addresses_there_are(app: APIFlask, path: str) -> None:
    assert app.test_client().get(path).status_code == 401


def test_without_any_secret_nothing_is_shown(app: APIFlask, database: Database, digester: Digester) -> None:
    desk = Desk(app, database, digester, "open", webhook_secret=None, header_secret=None)
    assert desk.fetch().get_json()["code"] == "not_configured"
