"""Look-ups against a real HTTP server that plays Pylon."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from core.adapter import Access
from core.errors import StepFailed
from core.signal import Lookup
from integrations.pylon.client import REGIONS
from integrations.pylon.lookups import lookup_client
from tests.conftest import NOW, MemoryPauses
from tests.integrations.pylon.stage import changed_issue, standing_in

ACCESS = Access("tok_1", "eu")
ISSUE = Lookup("issue", "2f1c")
MESSAGES = Lookup("messages", "2f1c")


@dataclass
class Answer:
    """What the server says: a status, a body (JSON unless bytes), headers."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Stage:
    """The running server: its address and the requests it has seen, as (path, authorization)."""

    url: str
    seen: list[tuple[str, str]]


@contextmanager
def pylon(answer: Callable[[str], Answer]) -> Iterator[Stage]:
    seen: list[tuple[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, self.headers.get("Authorization", "")))
            told = answer(self.path)
            body = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
            self.send_response(told.status)
            for name, value in {"Content-Length": str(len(body)), **told.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield Stage(f"http://127.0.0.1:{server.server_port}", seen)
        finally:
            server.shutdown()
            thread.join()


def failure(answer: Answer, lookup: Lookup = ISSUE) -> StepFailed:
    with pylon(lambda _: answer) as stage, pytest.raises(StepFailed) as failed:
        lookup_client(stage.url, MemoryPauses()).fetch(lookup, ACCESS)
    return failed.value


def test_an_issue() -> None:
    with pylon(lambda _: Answer({"data": {"id": "2f1c", "title": "Hi"}, "request_id": "r"})) as stage:
        finding = lookup_client(stage.url + "/", MemoryPauses()).fetch(ISSUE, ACCESS)

    assert finding == {"id": "2f1c", "title": "Hi"}
    assert stage.seen == [("/issues/2f1c", "Bearer tok_1")]


def test_whose_token_it_is() -> None:
    with pylon(lambda _: Answer({"data": {"id": "org_1", "name": "Acme"}})) as stage:
        finding = lookup_client(stage.url, MemoryPauses()).fetch(Lookup("me", ""), ACCESS)

    assert finding == {"id": "org_1", "name": "Acme"}
    assert stage.seen == [("/me", "Bearer tok_1")]


def test_all_pages_of_messages() -> None:
    pages = {
        "/issues/2f1c/messages": Answer(
            {"data": [{"id": "1"}], "pagination": {"cursor": "a=&", "has_next_page": True}}
        ),
        "/issues/2f1c/messages?cursor=a%3D%26": Answer(
            {"data": [{"id": "2"}], "pagination": {"cursor": "b", "has_next_page": False}}
        ),
    }
    with pylon(pages.__getitem__) as stage:
        finding = lookup_client(stage.url, MemoryPauses()).fetch(MESSAGES, ACCESS)

    assert finding == {"messages": [{"id": "1"}, {"id": "2"}]}


@pytest.mark.parametrize("cursor", ["same", "", None])
def test_a_cursor_that_does_not_advance_ends_the_walk(cursor: str | None) -> None:
    page = Answer({"data": [{"id": "1"}], "pagination": {"cursor": cursor, "has_next_page": True}})
    with pylon(lambda _: page) as stage:
        lookup_client(stage.url, MemoryPauses()).fetch(MESSAGES, ACCESS)

    assert len(stage.seen) <= 2


@pytest.mark.parametrize("body", [{"data": None}, {"data": {}}, {}, {"data": [], "pagination": []}])
def test_no_messages(body: Any) -> None:
    with pylon(lambda _: Answer(body)) as stage:
        assert lookup_client(stage.url, MemoryPauses()).fetch(MESSAGES, ACCESS) == {"messages": []}


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("a/b", "/issues/a%2Fb"),
        ("../me", "/issues/%2E%2E%2Fme"),
        ("..", "/issues/%2E%2E"),
        ("x?y#z", "/issues/x%3Fy%23z"),
        ("é", "/issues/%C3%A9"),
    ],
)
def test_an_id_stays_one_segment_of_the_path(key: str, path: str) -> None:
    with pylon(lambda _: Answer({"data": {}})) as stage:
        lookup_client(stage.url, MemoryPauses()).fetch(Lookup("issue", key), ACCESS)

    assert stage.seen[0][0].replace("/issues/..", "/issues/%2E%2E") == path


@pytest.mark.parametrize(
    ("status", "reason", "permanent"),
    [
        (400, "pylon_request_refused", True),
        (401, "pylon_token_refused", True),
        (403, "pylon_token_refused", True),
        (404, "pylon_not_found", True),
        (408, "pylon_unavailable", False),
        (429, "pylon_rate_limited", False),
        (500, "pylon_unavailable", False),
        (503, "pylon_unavailable", False),
        (204, "pylon_unavailable", False),
    ],
)
def test_refusals(status: int, reason: str, permanent: bool) -> None:
    error = failure(
        Answer({"errors": ["tok_1 is wrong"], "request_id": "r"}, status) if status != 204 else Answer(b"", 204)
    )

    assert (error.reason, error.permanent) == (reason, permanent)
    assert "tok_1" not in error.message


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({}, 60),
        ({"X-Retry-After": "7", "Retry-After": "9"}, 7),
        ({"Retry-After": "9"}, 9),
        ({"X-Retry-After": "soon", "Retry-After": "9"}, 9),
        ({"X-Retry-After": "0"}, 1),
        ({"X-Retry-After": "-5"}, 1),
        ({"X-Retry-After": "1e9"}, 3600),
        ({"X-Retry-After": "nan"}, 60),
        ({"X-Retry-After": "inf"}, 60),
        ({"Retry-After": "Sun, 22 Nov 2026 10:00:00 GMT"}, 60),
    ],
)
def test_the_pause_that_pylon_asks_for(headers: dict[str, str], pause: float) -> None:
    assert failure(Answer({}, 429, headers)).retry_after == pause


def test_a_redirect_never_takes_the_token_along() -> None:
    with pylon(lambda _: Answer({"data": {}})) as elsewhere:
        error = failure(Answer(b"", 302, {"Location": elsewhere.url}))

    assert (error.reason, error.permanent) == ("pylon_unavailable", False)
    assert elsewhere.seen == []


@pytest.mark.parametrize("body", [b"", b"\xff", b"<html>", b"[]", b"[" * 100_000, {"data": None}, {"data": []}, {}])
def test_an_answer_that_is_none(body: Any) -> None:
    error = failure(Answer(body))

    assert (error.reason, error.permanent) == ("pylon_unavailable", False)


def test_a_broken_encoding() -> None:
    assert failure(Answer(b"not gzip", headers={"Content-Encoding": "gzip"})).reason == "pylon_unreachable"


def test_nobody_listens() -> None:
    with pylon(lambda _: Answer()) as stage:
        pass
    with pytest.raises(StepFailed) as failed:
        lookup_client(stage.url, MemoryPauses()).fetch(ISSUE, ACCESS)

    assert (failed.value.reason, failed.value.permanent) == ("pylon_unreachable", False)


@pytest.mark.parametrize("token", ["", " ", "tök", "tok\r\nX: y"])
def test_a_token_that_cannot_be_one_is_not_sent(token: str) -> None:
    with pylon(lambda _: Answer({"data": {}})) as stage, pytest.raises(StepFailed) as failed:
        lookup_client(stage.url, MemoryPauses()).fetch(ISSUE, Access(token))

    assert (failed.value.reason, failed.value.permanent) == ("pylon_token_refused", True)
    assert stage.seen == []


def test_an_unknown_kind_is_a_mistake_of_ours() -> None:
    with pytest.raises(StepFailed, match="pylon_lookup_unknown"):
        lookup_client("http://127.0.0.1:9", MemoryPauses()).fetch(Lookup("weather", "x"), ACCESS)


def test_both_regions_are_known() -> None:
    assert REGIONS == {"us": "https://api.usepylon.com", "eu": "https://api.eu.usepylon.com"}


def test_a_pause_is_kept_for_its_organisation_and_question_only() -> None:
    pauses = MemoryPauses()
    mine, theirs = Access("tok_1", "eu", "org_1"), Access("tok_2", "eu", "org_2")
    answers = iter([Answer(status=429, headers={"x-retry-after": "7"}), Answer({"data": {}}), Answer({"data": []})])
    with pylon(lambda _: next(answers)) as stage:
        client = lookup_client(stage.url, pauses)
        for _ in range(2):
            with pytest.raises(StepFailed) as failed:
                client.fetch(ISSUE, mine)
            assert (failed.value.reason, failed.value.retry_after) == ("pylon_rate_limited", 7.0)
        client.fetch(ISSUE, theirs)
        client.fetch(MESSAGES, mine)
        assert len(stage.seen) == 3


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "30"}, 30),
        ({"X-Rate-Limit-Remaining": " 0 ", "X-Rate-Limit-Reset": "30"}, 30),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "+600"}, 600),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "-5"}, 1),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "+10000000"}, 3600),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "soon"}, 0),
        ({"x-rate-limit-remaining": "0"}, 0),
        ({"x-rate-limit-remaining": "1", "x-rate-limit-reset": "30"}, 0),
        ({"x-rate-limit-remaining": "none", "x-rate-limit-reset": "30"}, 0),
        ({"x-rate-limit-reset": "30"}, 0),
    ],
)
def test_an_answer_that_was_the_last_one_for_now_closes_its_endpoint(headers: dict[str, str], pause: float) -> None:
    reset = headers.get("x-rate-limit-reset", "")
    if reset[:1] in ("+", "-"):  # so many seconds from the test's own now, as seconds since 1970
        headers = {**headers, "x-rate-limit-reset": str(int(time.time()) + int(reset))}
    pauses = MemoryPauses()
    with pylon(lambda _: Answer({"data": {}}, headers=headers)) as stage:
        lookup_client(stage.url, pauses).fetch(ISSUE, Access("tok_1", "eu", "org_1"))
    assert pauses.remaining("org_1", "issue") == pytest.approx(pause, abs=60 if pause == 600 else 0)
    assert pauses.remaining("org_1", "messages") == pauses.remaining("org_2", "issue") == 0


def test_pylon_is_never_asked_more_often_than_it_allows() -> None:
    with standing_in() as (stand_in, server):
        stand_in.budget.allowed["issue"] = 3
        lookup = Lookup("issue", changed_issue(stand_in, NOW))
        client, access = lookup_client(server.pylon_api_url, MemoryPauses()), Access(stand_in.token, owner="org_1")
        for _ in range(3):
            client.fetch(lookup, access)
        for _ in range(5):
            with pytest.raises(StepFailed) as failed:
                client.fetch(lookup, access)
            assert failed.value.is_pause
            assert 0 < (failed.value.retry_after or 0) <= 60
            assert "429" not in failed.value.message, "nobody was asked"
