"""Requests that are sent again: the same answer, and nothing done twice."""

import json
import threading
from typing import Any, NoReturn

import pytest
from apiflask import APIFlask
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from db import Database, IdempotencyKey, WebhookKey
from tests.conftest import StillClock
from tests.web.api.conftest import Api, Organisations, Tenant
from tests.web.api.rows import add_event, add_integration


def post(api: Api, key: str, body: object = None, path: str = "/webhook-keys") -> TestResponse:
    given = {"name": "Zapier"} if body is None else body
    return api.call("POST", path, json=given, headers={"Idempotency-Key": key})


def made(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(WebhookKey)) or 0


def test_the_first_answer_comes_again(api: Api, database: Database, clock: StillClock) -> None:
    first = post(api, "one")
    clock.advance(hours=23)
    again = post(api, "one")
    assert (first.status_code, again.status_code, again.data) == (201, 201, first.data)
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert (again.mimetype, made(database)) == ("application/json", 1)
    assert post(api, "two").get_json()["id"] != first.get_json()["id"]


def test_without_a_key_every_request_is_new(api: Api, database: Database) -> None:
    assert api.post("/webhook-keys", {"name": "A"}).get_json() != api.post("/webhook-keys", {"name": "A"}).get_json()
    assert made(database) == 2


def test_a_key_is_for_one_request(api: Api, database: Database, alice: Tenant) -> None:
    post(api, "one")
    event = add_event(database, integration_id=add_integration(database, alice.workspace_id))
    for answer in (
        post(api, "one", {"name": "Other"}),
        post(api, "one", path=f"/events/{event}/replay"),
        post(api, "one", path="/webhook-keys?x=1"),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (422, "idempotency_key_reused")
    assert made(database) == 1


def test_refusals_come_again_too(api: Api, clock: StillClock) -> None:
    first = post(api, "one", {"name": ""})
    again = post(api, "one", {"name": ""})
    assert (first.status_code, again.status_code, again.data) == (422, 422, first.data)
    assert (again.headers["Idempotent-Replayed"], again.mimetype) == ("true", "application/problem+json")


def test_not_now_is_not_kept(api: Api, organisations: Organisations) -> None:
    body = {"platform": "pylon", "name": "Support", "access_token": "token-acme"}
    organisations.down = True
    assert post(api, "one", body, "/integrations").status_code == 424
    organisations.down = False
    assert post(api, "one", body, "/integrations").status_code == 201


def test_what_broke_here_is_not_kept(app: APIFlask, api: Api, database: Database) -> None:
    working = app.view_functions["api.create_webhook_key"]

    def failing(**_: Any) -> NoReturn:
        app.view_functions["api.create_webhook_key"] = working
        raise OperationalError("the database went away", None, Exception())

    app.view_functions["api.create_webhook_key"] = failing
    assert [post(api, "one").status_code for _ in range(2)] == [503, 201]
    assert made(database) == 1


def test_a_request_at_work_keeps_the_others_out(api: Api, database: Database, alice: Tenant, clock: StillClock) -> None:
    """Until its process must have died."""
    post(api, "one")
    with database.write() as session:
        row = session.scalars(select(IdempotencyKey)).one()
        row.status, row.answer = None, None
        row.expires_at = clock() + (row.expires_at - row.created_at) / 720
    waiting = post(api, "one")
    assert (waiting.status_code, waiting.get_json()["code"]) == (409, "idempotency_key_in_use")
    assert waiting.headers["Retry-After"] == "1"
    clock.advance(minutes=2)
    assert (post(api, "one").status_code, made(database)) == (201, 2)


def test_four_at_once_make_one_thing(app: APIFlask, alice: Tenant, database: Database) -> None:
    answers: list[TestResponse] = []
    together = threading.Barrier(4)

    def send() -> None:
        api = Api(app.test_client(), alice.tokens["admin"])
        together.wait()
        answers.append(post(api, "one"))

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made(database) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.data for answer in answers if answer.status_code == 201}) == 1
    assert {answer.get_json()["code"] for answer in answers if answer.status_code == 409} <= {"idempotency_key_in_use"}


def test_workspaces_do_not_share_keys(api: Api, bobs_api: Api) -> None:
    assert post(api, "one").get_json()["id"] != post(bobs_api, "one").get_json()["id"]


def test_a_token_that_may_not_do_it_gets_no_answer_of_another(api: Api, alice: Tenant) -> None:
    post(api, "one")
    assert post(Api(api.client, alice.tokens["write"]), "one").status_code == 403


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel", "\x7f"])
def test_keys_are_short_and_printable(api: Api, database: Database, key: str) -> None:
    answer = post(api, key)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "Idempotency-Key")
    assert made(database) == 0


def test_a_day_later_the_key_is_free_and_nothing_is_left(api: Api, database: Database, clock: StillClock) -> None:
    for number in range(3):
        post(api, f"key {number}")
    clock.advance(hours=24)
    assert post(api, "key 0").status_code == 201
    with database.read() as session:
        assert session.scalars(select(IdempotencyKey.key)).all() == ["key 0"]
    assert made(database) == 4


def test_the_answer_is_sealed(api: Api, database: Database) -> None:
    secret = post(api, "one").get_json()["secret"]
    with database.read() as session:
        stored = bytes(session.scalar(text("SELECT answer FROM idempotency_keys")))
        assert secret.encode() not in stored
        assert secret in json.loads(session.scalars(select(IdempotencyKey)).one().answer)["body"]
