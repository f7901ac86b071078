"""Issues that are opened from here: what Pylon is asked, and what may be asked again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.adapter import Access
from core.errors import StepFailed
from core.tickets import NOT_SENT, NewTicket
from integrations.pylon.tickets import asked, ticket_desk
from sandbox.app import create_sandbox
from sandbox.cast import assemble
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from sandbox.slack import SlackApp, SlackStandIn
from tests.pylon_document import OPENAPI, validator_of

TICKET = NewTicket(
    "Export <stops>", "It stops & stays.\n\n<b>Always</b>", "https://acme.slack.com/archives/C1/p1",
    requester_email="ada@globex.example",
)  # fmt: skip


class NoPauses:
    def remaining(self, owner: str, endpoint: str) -> float:  # noqa: ARG002
        return 0

    def pause(self, owner: str, endpoint: str, seconds: float) -> None:
        pass


@pytest.mark.skipif(not OPENAPI.exists(), reason="Pylon's OpenAPI document is not beside this checkout")
@pytest.mark.parametrize("ticket", [TICKET, NewTicket("t", "x", account_id="a1", answers_customer=True)])
def test_what_is_asked_is_as_documented(ticket: NewTicket) -> None:
    validator = validator_of("/issues", "post", "request")
    assert validator is not None
    validator.validate(asked(ticket))


def test_words_are_text_and_the_issue_is_internal() -> None:
    assert asked(TICKET) == {
        "title": "Export <stops>",
        "body_html": "<p>It stops &amp; stays.</p><p>&lt;b&gt;Always&lt;/b&gt;</p>"
                     '<p><a href="https://acme.slack.com/archives/C1/p1">In Slack</a></p>',
        "destination_metadata": {"destination": "internal"},
        "requester_email": "ada@globex.example",
    }  # fmt: skip


def test_only_a_persons_word_messages_the_customer_and_then_without_our_link() -> None:
    told: Any = asked(NewTicket("t", "x", "https://acme.slack.com/archives/C1/p1", answers_customer=True))
    assert told["destination_metadata"] == {"destination": "slack"}
    assert "acme.slack.com" not in told["body_html"]


def test_over_http_it_is_made_once_and_found_again() -> None:
    pylon = PylonStandIn("Acme")
    slack = SlackStandIn(
        SlackApp(client_id="1", client_secret="c", signing_secret="s", api_app_id="A"), assemble().world
    )
    with SandboxServer(create_sandbox(slack, pylon)) as server:
        desk, access = ticket_desk(server.pylon_api_url, NoPauses()), Access(pylon.token, "us", "org")
        since = datetime.now(UTC) - timedelta(minutes=1)
        assert desk.find(access, TICKET, since) is None
        made = desk.create(access, TICKET)
        assert desk.find(access, TICKET, since) == made
        assert desk.find(access, NewTicket("Another", "x"), since) is None
        assert pylon.delivered == []
        for status, is_pause, permanent in ((429, True, False), (500, False, False), (400, False, True)):
            pylon.fail_next("create", code="x", status=status)
            with pytest.raises(StepFailed) as failed:
                desk.create(access, TICKET)
            assert (failed.value.is_pause, failed.value.permanent) == (is_pause, permanent)
    with pytest.raises(StepFailed) as failed:
        desk.create(access, TICKET)
    assert failed.value.reason == NOT_SENT
