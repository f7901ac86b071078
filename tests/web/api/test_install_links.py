"""Links that start Add to Slack."""

from urllib.parse import parse_qs, urlsplit

from sqlalchemy import update

from core.digests import Digester
from db import ApiToken, AuditEntry, Database, OAuthState
from tests.web.api.conftest import PUBLIC_URL, Api, Tenant
from tests.web.api.rows import add_app


def test_a_link_acts_for_the_person_who_made_the_token(
    api: Api, database: Database, digester: Digester, alice: Tenant
) -> None:
    shared = add_app(database, None)
    answer = api.call("POST", "/slack/install-links")
    assert answer.status_code == 201
    address, _, query = answer.get_json()["url"].partition("?")
    assert address == f"{PUBLIC_URL}/slack/install"
    digest = digester.digest("install_ticket", parse_qs(query)["ticket"][0])
    with database.read() as session:
        ticket = session.query(OAuthState).filter_by(digest=digest).one()
        entry = session.query(AuditEntry).one()
    assert (ticket.workspace_id, ticket.user_id, ticket.slack_app_id) == (alice.workspace_id, alice.user_id, shared)
    assert (entry.action, entry.actor_id) == ("slack.install_link_created", alice.user_id)


def test_a_link_may_name_the_app(api: Api, database: Database, alice: Tenant, bob: Tenant) -> None:
    own, shared, foreign = (add_app(database, owner) for owner in (alice.workspace_id, None, bob.workspace_id))
    for app_id in (own, shared):
        assert urlsplit(api.post("/slack/install-links", {"app_id": app_id}).get_json()["url"]).path == "/slack/install"
    assert api.post("/slack/install-links", {"app_id": foreign}).status_code == 404


def test_without_any_slack_app_the_answer_says_what_to_set(api: Api) -> None:
    answer = api.post("/slack/install-links")
    assert (answer.status_code, answer.get_json()["code"]) == (409, "slack_app_missing")
    assert "SIGNALBOX_SLACK_CLIENT_ID" in answer.get_json()["detail"]


def test_a_token_that_belongs_to_nobody_makes_no_link(api: Api, database: Database) -> None:
    with database.write() as session:
        session.execute(update(ApiToken).values(created_by=None))
    answer = api.post("/slack/install-links")
    assert (answer.status_code, answer.get_json()["code"]) == (403, "token_without_user")
    assert api.get("/me").get_json()["code"] == "token_without_user"
