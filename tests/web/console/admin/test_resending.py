"""Forms that make something, sent again: by a reload, by a second click, and by two clicks at once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select, text
from werkzeug.test import TestResponse

from core.digests import Digester
from db import AuditEntry, Base, IdempotencyKey, Integration, Invitation, SavedView, SlackApp, WebhookKey, Workspace
from tests.web.api.conftest import Organisations
from tests.web.console.admin.conftest import Rooms
from tests.web.console.admin.test_doors import acts, fields_of, filled
from web.services import services


def count(rooms: Rooms, model: type[Base]) -> int:
    with rooms.database.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def send_twice(rooms: Rooms, path: str, **fields: str) -> tuple[TestResponse, TestResponse]:
    token = rooms.csrf()
    return rooms.submit(path, token=token, **fields), rooms.submit(path, token=token, **fields)


def secrets_in(answer: TestResponse) -> list[str]:
    return [code.text for code in BeautifulSoup(answer.text, "html.parser").select(".secrets code")]


@pytest.mark.parametrize(
    ("path", "fields", "model", "link"),
    [
        ("/webhook-keys", {"name": "Zapier"}, WebhookKey, "/webhook-keys"),
        ("/members", {"email": "eve@example.com"}, Invitation, "/members"),
        ("/integrations/pylon", {"name": "Desk"}, Integration, "/integrations/{id}/pylon"),
    ],
)
def test_a_reload_makes_nothing_and_leads_to_what_there_is(
    rooms: Rooms, path: str, fields: dict[str, str], model: type[Any], link: str
) -> None:
    first, again = send_twice(rooms, path, **fields)
    assert (first.status_code, again.status_code, count(rooms, model)) == (200, 200, 1)
    assert secrets_in(first)
    assert not [secret for secret in secrets_in(first) if secret in again.text and not secret.startswith("http")]
    assert "nothing was done again" in again.text
    with rooms.database.read() as session:
        expected = link.format(id=session.scalars(select(model.id)).one())
    page = BeautifulSoup(again.text, "html.parser")
    assert page.select_one(f"main a[href='{expected}']") is not None


@pytest.mark.parametrize(
    ("path", "fields", "model"),
    [("/slack-apps", {"name": "Box"}, SlackApp), ("/views", {"name": "Exports", "q": "export"}, SavedView)],
)
def test_where_the_answer_leads_on_the_second_one_leads_too(
    rooms: Rooms, path: str, fields: dict[str, str], model: type[Any]
) -> None:
    first, again = send_twice(rooms, path, **fields)
    assert (first.status_code, again.status_code, again.location) == (303, 303, first.location)
    assert count(rooms, model) == 1


def test_no_form_of_the_rooms_shows_secrets_twice_or_does_its_work_twice(rooms: Rooms) -> None:
    """Whoever adds a page that shows a secret is reminded here."""
    shown = 0
    for rule in acts(rooms.app, "POST"):
        path, fields = filled(rooms, rule), {"confirmed": "1", **fields_of(rule)}
        token = rooms.csrf()
        first = rooms.submit(path, token=token, **fields)
        before = count(rooms, AuditEntry)
        again = rooms.submit(path, token=token, **fields)
        if secrets_in(first):
            shown += 1
            assert not secrets_in(again), rule
            assert count(rooms, AuditEntry) == before, rule
    assert shown == 7


def test_another_page_is_another_wish(rooms: Rooms) -> None:
    for _ in range(2):
        assert secrets_in(rooms.submit("/webhook-keys", name="Zapier"))
    assert count(rooms, WebhookKey) == 2


def test_other_words_from_the_same_page_are_another_wish(rooms: Rooms) -> None:
    token = rooms.csrf()
    for name in ("Zapier", "Ask Elephant"):
        assert secrets_in(rooms.submit("/webhook-keys", token=token, name=name))
    assert count(rooms, WebhookKey) == 2


def test_what_was_refused_can_be_tried_again(rooms: Rooms) -> None:
    organisations = next(iter(vars_of(rooms)["lookups"].values()))
    assert isinstance(organisations, Organisations)
    token, fields = rooms.csrf(), {"name": "Desk", "access_token": "token-acme"}
    organisations.down = True
    assert rooms.submit("/integrations/pylon", token=token, **fields).status_code == 424
    organisations.down = False
    assert rooms.submit("/integrations/pylon", token=token, **fields).status_code == 200
    assert count(rooms, Integration) == 1


def vars_of(rooms: Rooms) -> dict[str, Any]:
    with rooms.app.app_context():
        return vars(services())


def test_a_form_whose_work_broke_can_be_sent_again(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    token = rooms.csrf()
    with monkeypatch.context() as broken:
        broken.setattr("web.actions.keys.new_secret", lambda: 1 / 0)
        assert rooms.submit("/webhook-keys", token=token, name="Zapier").status_code == 500
    assert secrets_in(rooms.submit("/webhook-keys", token=token, name="Zapier"))


def test_two_at_once_make_one_thing(rooms: Rooms) -> None:
    token, cookies = rooms.csrf(), rooms.browser.get_cookie("signalbox_session")
    assert cookies is not None
    together, answers = threading.Barrier(2), list[TestResponse]()

    def send() -> None:
        browser = rooms.app.test_client()
        browser.set_cookie("signalbox_session", cookies.value)
        together.wait()
        answers.append(browser.post("/webhook-keys", data={"csrf_token": token, "name": "Zapier"}))

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(rooms, WebhookKey) == 1
    assert sorted(bool(secrets_in(answer)) for answer in answers) == [False, True]
    assert {answer.status_code for answer in answers} <= {200, 409}


def test_one_that_is_still_at_work_says_so(rooms: Rooms) -> None:
    token = rooms.csrf()
    rooms.submit("/webhook-keys", token=token, name="Zapier")
    with rooms.database.write() as session:
        row = session.scalars(select(IdempotencyKey)).one()
        row.status, row.answer, row.expires_at = None, None, rooms.clock.now.replace(year=2027)
    again = rooms.submit("/webhook-keys", token=token, name="Zapier")
    assert (again.status_code, "still at work" in again.text) == (409, True)


def test_nothing_secret_is_kept_and_what_is_kept_is_sealed(rooms: Rooms) -> None:
    first = rooms.submit("/integrations/pylon", name="Desk of Acme", access_token="token-acme")
    with rooms.database.read() as session:
        row = session.scalars(select(IdempotencyKey)).one()
        stored = bytes(session.scalar(text("SELECT answer FROM idempotency_keys")))
        known = f"{row.key} {row.request_digest} {row.answer}"
    assert "Desk of Acme" in known
    assert b"Desk of Acme" not in stored
    assert not [secret for secret in ["token-acme", *secrets_in(first)] if len(secret) > 15 and secret in known]


def test_it_is_remembered_for_as_long_as_the_form_is_good(rooms: Rooms) -> None:
    token = rooms.csrf()
    rooms.submit("/webhook-keys", token=token, name="Zapier")
    for _ in range(29):
        rooms.clock.advance(hours=24)
        assert "done already" in rooms.submit("/webhook-keys", token=token, name="Zapier").text
    assert count(rooms, WebhookKey) == 1


def test_another_person_sends_another_form(rooms: Rooms, open_rooms: Callable[..., Rooms], digester: Digester) -> None:
    colleague, stranger = rooms.as_role("admin", digester), open_rooms("Other")
    for each in (rooms, colleague, stranger):
        assert secrets_in(each.submit("/webhook-keys", name="Zapier"))
    assert count(rooms, WebhookKey) == 3


def test_a_workspace_is_made_once(rooms: Rooms) -> None:
    before, token = count(rooms, Workspace), rooms.csrf()
    together, answers = threading.Barrier(2), list[TestResponse]()
    cookies = rooms.browser.get_cookie("signalbox_session")
    assert cookies is not None

    def send() -> None:
        browser = rooms.app.test_client()
        browser.set_cookie("signalbox_session", cookies.value)
        together.wait()
        answers.append(browser.post("/welcome", data={"csrf_token": token, "name": "Second"}))

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [303, 303]
    assert count(rooms, Workspace) == before + 1
