"""No form of the console ends or deletes something unless its page asked first: every form has a row in one table."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from sqlalchemy import select

from core.digests import Digester
from db import Base, Database, User, UserIdentity, WorkspaceMember
from oauth.bootstrap import bootstrap
from oauth.sessions import open_session
from tests.conftest import NOW, StillClock
from tests.web.api.rows import (
    add_app,
    add_import,
    add_integration,
    add_invitation,
    add_key,
    add_signal,
    add_view,
)
from tests.web.whole import whole_web

WITHOUT_FORMS = {"api", "slack_ingress", "keyed_ingress", "generic_ingress"}
HARMLESS = {
    "account.connect": "adds a way to sign in",
    "account.create": "adds a workspace",
    "account.switch": "shows another workspace",
    "admin.add_channel": "listens in one more channel, or otherwise in it",
    "admin.ask_to_erase": "is the page that asks",
    "admin.begin_import": "adds an import",
    "admin.begin_slack_app": "keeps a place",
    "admin.change_digest": "can be planned again",
    "admin.change_integration": "can be changed back",
    "admin.connect_pylon": "adds a connection",
    "admin.create_api_token": "adds a token",
    "admin.create_webhook_key": "adds a key",
    "admin.export_everything": "hands out a copy",
    "admin.invite_member": "adds an invitation",
    "admin.join": "lets the app into one more channel",
    "admin.list_channels_again": "reads a list anew",
    "admin.paste_into_pylon": "was checked with Pylon, and old secrets live on for a day",
    "admin.replay_events": "doubles nothing",
    "admin.save_slack_app": "was checked with Slack, and old signing secrets live on for a day",
    "console.change_signal": "can be changed back",
    "console.join_conversation": "can be parted again",
    "console.part_conversation": "can be joined again",
    "console.save_view": "adds a view",
    "console.set_status": "can be changed back",
    "invitations.accept": "was asked by the invitation's page",
    "sign_in.sign_out": "is what its one word says, in this browser alone",
}
"""What a form does that neither ends nor deletes anything of others."""

Rows = dict[str, str]
Ending = tuple[str, Callable[[Rows], tuple[str, dict[str, str]]]]
ENDING: list[Ending] = [
    ("account.remove_identity", lambda row: (f"/account/identities/{row['identity']}/remove", {})),
    ("account.end_session", lambda row: (f"/account/sessions/{row['session']}/end", {})),
    ("account.sign_out_everywhere", lambda _: ("/account/sign-out-everywhere", {})),
    ("admin.revoke_token", lambda row: (f"/api-tokens/{row['token']}/revoke", {})),
    ("admin.remove_channel", lambda row: (f"/integrations/{row['integration']}/channels/C1/remove", {})),
    ("admin.switch_integration", lambda row: (f"/integrations/{row['integration']}/pause", {})),
    ("admin.disconnect_integration", lambda row: (f"/integrations/{row['integration']}/disconnect", {})),
    ("admin.renew_header", lambda row: (f"/integrations/{row['pylon']}/pylon/header", {})),
    ("admin.renew_address", lambda row: (f"/integrations/{row['pylon']}/pylon/address", {})),
    ("admin.end_old_secrets", lambda row: (f"/integrations/{row['pylon']}/pylon/end-old-secrets", {})),
    ("admin.stop_import", lambda row: (f"/integrations/{row['integration']}/imports/{row['import']}/cancel", {})),
    ("admin.revoke_invitation", lambda row: (f"/members/invitations/{row['invitation']}/revoke", {})),
    ("admin.remove_member", lambda row: (f"/members/{row['member']}/remove", {})),
    ("admin.change_role", lambda row: (f"/members/{row['member']}/role", {"role": "viewer"})),
    ("admin.change_settings", lambda _: ("/settings", {"name": "Acme", "retention_days": "1"})),
    ("admin.erase_words", lambda _: ("/settings/erase/confirmed", {"author": "U1"})),
    ("admin.delete_slack_app", lambda row: (f"/slack-apps/{row['app']}/delete", {})),
    ("admin.rotate_webhook_key", lambda row: (f"/webhook-keys/{row['key']}/rotate", {})),
    ("admin.switch_webhook_key", lambda row: (f"/webhook-keys/{row['key']}/deactivate", {})),
    ("admin.delete_webhook_key", lambda row: (f"/webhook-keys/{row['key']}/delete", {})),
    ("console.delete_view", lambda row: (f"/views/{row['view']}/delete", {})),
]


@pytest.fixture
def app(database: Database, digester: Digester, clock: StillClock) -> APIFlask:
    return whole_web(database, digester, clock)


@pytest.fixture
def rows(database: Database, digester: Digester) -> Rows:
    """An owner's workspace with one of everything that can end; with the link that signs the owner in."""
    made = bootstrap(database, digester, name="Acme", email="o@acme.example", now=NOW, public_url="http://localhost")
    home = made.workspace_id
    with database.write() as session:
        member = User(email="m@acme.example")
        session.add(member)
        session.flush()
        session.add(WorkspaceMember(workspace_id=home, user_id=member.id, role="member"))
        identity = UserIdentity(user_id=made.user_id, issuer="https://id.example", subject="1")
        session.add(identity)
        open_session(session, digester, user_id=made.user_id, workspace_id=home, now=NOW)
        session.flush()
        ended = Base.metadata.tables["sessions"].c.id
        found = {"member": member.id, "identity": identity.id, "session": session.scalars(select(ended)).one()}
        found["token"] = session.scalars(select(Base.metadata.tables["api_tokens"].c.id)).one()
    add_signal(database, home, author_external_id="U1", occurred_at=NOW - timedelta(days=9))
    picked = {"slack_channels": [{"id": "C1"}, {"id": "C2"}]}
    slack = add_integration(database, home, "slack", config=picked)
    return found | {
        "link": made.sign_in_url.removeprefix("http://localhost"),
        "integration": slack,
        "import": add_import(database, home, slack),
        "pylon": add_integration(database, home, ingest_key_digest="digest", header_secret="s"),
        "invitation": add_invitation(database, home),
        "app": add_app(database, home),
        "key": add_key(database, home, "digest"),
        "view": add_view(database, home),
    }


@pytest.fixture
def browser(app: APIFlask, rows: Rows) -> FlaskClient:
    browser = app.test_client()
    assert browser.get(rows["link"]).status_code == 303
    return browser


def test_every_form_is_in_the_table(app: APIFlask) -> None:
    forms = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.endpoint.partition(".")[0] not in WITHOUT_FORMS
    }
    assert forms == HARMLESS.keys() | {endpoint for endpoint, _ in ENDING}


@pytest.mark.parametrize(("endpoint", "form"), ENDING, ids=[endpoint for endpoint, _ in ENDING])
def test_without_its_confirmation_nothing_ends(
    app: APIFlask, browser: FlaskClient, database: Database, rows: Rows, *, endpoint: str, form: Any
) -> None:
    path, fields = form(rows)
    with app.test_request_context():
        assert app.url_map.bind("localhost").match(path, "POST")[0] == endpoint
    before = everything(database)
    for unasked in ({}, {"confirmed": ""}, {"confirmed": "0"}):
        answer = browser.post(path, data={"csrf_token": csrf(browser), **fields, **unasked})
        asks = answer.status_code == 200 and 'name="confirmed" value="1"' in answer.text
        assert asks or (answer.status_code == 409 and "Nothing was done" in answer.text), answer.status_code
        assert everything(database) == before
    answer = browser.post(path, data={"csrf_token": csrf(browser), **fields, "confirmed": "1"})
    assert answer.status_code in (200, 303), answer.text
    assert everything(database) != before


def csrf(browser: FlaskClient) -> str:
    return browser.get("/account").text.split('name="csrf_token" value="')[1].split('"')[0]


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with database.read() as session:
        return {
            name: sorted(map(tuple, session.execute(select(table))), key=repr)
            for name, table in Base.metadata.tables.items()
        }
