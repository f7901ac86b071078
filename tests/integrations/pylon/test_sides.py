"""Who is a customer, by a body alone: every hint counts, and where none tells, nobody is called one."""

from typing import Any

import msgspec
import pytest

from core.signal import Affiliation
from integrations.pylon.normalise import notice_of

ISSUE: dict[str, Any] = {
    "event": "message.created", "issue_id": "2f1c", "message_id": "m1", "message_body": "Words.",
    "assignee": {"id": "usr_kim", "email": "Kim@home.example"},
    "requester": {"id": "con_ada", "email": "ada@globex.example"},
    "account": {"name": "Globex", "domains": ["globex.example", "www.globex.io"]},
}  # fmt: skip
OPEN = {"assignee": {"email": "kim@gmail.com"}, "requester": {"email": "ada@gmail.com"}, "account": {}}


def heard(body: dict[str, Any], colleagues: tuple[str, ...] = ()) -> tuple[Affiliation, Affiliation]:
    """Of the message's author, and of the requester as the author of the opening."""
    notice = notice_of(msgspec.json.encode(ISSUE | body), colleagues)
    assert notice.by_agent == (notice.message.author.affiliation == "internal")
    return notice.message.author.affiliation, notice.opening.author.affiliation


@pytest.mark.parametrize(
    ("body", "side"),
    [
        ({"author_email": "kim@HOME.example"}, "internal"),
        ({"author_id": "usr_kim"}, "internal"),
        ({"author_email": "lee@home.example"}, "internal"),
        ({"author": "lee@home.example"}, "internal"),
        ({"author": {"email": "lee@x.example", "type": "Support Agent"}}, "internal"),
        ({"author": {"name": "Lee", "user": {"id": "usr_lee"}}}, "internal"),
        ({"author_email": "x@x.example", "author_type": "agent"}, "internal"),
        ({"author": {"email": "x@x.example", "is_agent": True}}, "internal"),
        ({"author_email": "member@x.example"}, "internal"),
        ({"author_email": "other@x.example"}, "internal"),
        ({"author_email": "ADA@globex.example"}, "external"),
        ({"author_id": "con_ada"}, "external"),
        ({"author_email": "bob@globex.example"}, "external"),
        ({"author_email": "bob@globex.io"}, "external"),
        ({"author": {"email": "bob@home.example", "contact": {"id": "con_bob"}}}, "external"),
        ({"author": {"email": "bob@b.example", "type": "customer"}}, "external"),
        ({"author_email": "bob@b.example"}, "unknown"),
        ({"author_name": "Bob"}, "unknown"),
        ({}, "unknown"),
        (OPEN | {"author_email": "bob@gmail.com"}, "unknown"),
        (OPEN | {"author_email": "ada@gmail.com"}, "external"),
        ({"author_email": "bob@home.example", "account": {"domain": "home.example"}}, "unknown"),
    ],
)
def test_whose_side_an_author_is_on(body: dict[str, Any], side: Affiliation) -> None:
    assert heard(body, ("member@x.example",))[0] == side


@pytest.mark.parametrize(
    ("requester", "side"),
    [
        ({"email": "ada@globex.example"}, "external"),
        ({"email": "ada@gmail.com"}, "external"),
        ({"id": "con_1"}, "external"),
        ({}, "unknown"),
        ({"email": "lee@home.example"}, "unknown"),
        ({"id": "usr_kim"}, "unknown"),
        ({"email": "member@x.example"}, "unknown"),
    ],
)
def test_the_requester_is_a_customer_unless_something_speaks_against_it(
    requester: dict[str, str], side: Affiliation
) -> None:
    assert heard({"requester": requester}, ("member@x.example",))[1] == side
