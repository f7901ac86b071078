"""Without an API token, who is one of ours is known by the members of the workspace as well."""

import pytest

from db import Integration, User, WorkspaceMember
from tests.pipeline.conftest import Line


def say(line: Line, address: str) -> tuple[str, str | None]:
    body = {"event": "message.created", "issue_id": "2f1c", "message_id": address, "message_body": "The export stops.",
            "author_email": address}  # fmt: skip
    stored = line.pylon(body)
    line.run()
    return line.receipt(stored.event_id)


@pytest.fixture
def limited(line: Line) -> Line:
    with line.database.write() as session:
        session.get_one(Integration, line.pylon_integration_id).access_token = None
        kim = User(email="Kim@Home.example", name="Kim")
        session.add(kim)
        session.flush()
        session.add(WorkspaceMember(workspace_id=line.workspace_id, user_id=kim.id, role="member"))
    return line


@pytest.mark.parametrize("address", ["kim@home.example", "lee@home.example"])
def test_a_member_and_who_shares_their_domain_is_no_customer(limited: Line, address: str) -> None:
    assert say(limited, address) == ("ignored", "agent_message")
    assert limited.signals() == []


def test_a_repeat_does_not_make_words_any_younger(limited: Line) -> None:
    said_at = limited.clock()
    say(limited, "ada@globex.example")
    assert [signal.occurred_at for signal in limited.signals()] == [said_at]
    limited.clock.advance(days=3)
    say(limited, "ada@globex.example")
    assert [signal.occurred_at for signal in limited.signals()] == [said_at]


def test_of_anybody_else_it_is_not_known(limited: Line) -> None:
    assert say(limited, "ada@globex.example") == ("captured", None)
    (signal,) = limited.signals()
    assert (signal.author_affiliation, signal.source_metadata["limited"]) == ("unknown", True)
