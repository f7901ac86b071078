"""The one client of Slack's Web API against a real HTTP server that plays Slack."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest

from core.adapter import Access
from core.errors import StepFailed
from integrations.slack.client import SlackClient
from tests.conftest import MemoryPauses

ACCESS = Access("xoxb-secret", owner="int_1")


@dataclass
class Slack:
    """What the server answers next, and what it was asked: (path, authorization, form)."""

    url: str = ""
    status: int = 200
    body: bytes = b'{"ok": true, "channel": {"name": "general"}}'
    headers: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, str, dict[str, list[str]]]] = field(default_factory=list)

    def fail(self, error: str, status: int = 200, **headers: str) -> None:
        self.status, self.body = status, json.dumps({"ok": False, "error": error}).encode()
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@pytest.fixture
def slack() -> Iterator[Slack]:
    told = Slack()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())
            told.seen.append((self.path, self.headers.get("Authorization", ""), form))
            self.send_response(told.status)
            for name, value in {"Content-Type": "application/json", **told.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(told.body)))
            self.end_headers()
            self.wfile.write(told.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            """Tests are quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        told.url = f"http://127.0.0.1:{server.server_port}/api/"
        yield told
        server.shutdown()
        thread.join()


def failure(slack: Slack, pauses: MemoryPauses | None = None) -> StepFailed:
    with pytest.raises(StepFailed) as failed:
        SlackClient(slack.url, pauses or MemoryPauses()).call("conversations.info", ACCESS, channel="C1")
    return failed.value


def test_a_call_carries_token_and_arguments(slack: Slack) -> None:
    client = SlackClient(slack.url, MemoryPauses())
    answer = client.call("conversations.info", ACCESS, channel="C1", cursor=None, limit=15, include_num_members=True)
    assert answer.object("channel").text("name") == "general"
    (seen,) = slack.seen
    assert seen[:2] == ("/api/conversations.info", "Bearer xoxb-secret")
    assert {name: values[0] for name, values in seen[2].items()} == {
        "channel": "C1", "limit": "15", "include_num_members": "1",
    }  # fmt: skip


def test_a_pause_is_kept_without_asking_again_and_for_this_owner_only(slack: Slack) -> None:
    pauses = MemoryPauses()
    slack.fail("ratelimited", 429, Retry_After="7")
    for _ in range(2):
        failed = failure(slack, pauses)
        assert (failed.reason, failed.permanent, failed.retry_after) == ("slack_rate_limited", False, 7.0)
    assert len(slack.seen) == 1
    slack.status, slack.body = 200, b'{"ok": true}'
    SlackClient(slack.url, pauses).call("conversations.info", Access("xoxb-2", owner="int_2"))
    SlackClient(slack.url, pauses).call("users.info", ACCESS, user="U1")
    assert len(slack.seen) == 3


@pytest.mark.parametrize("retry_after", ["", "soon", "٣", "-5", "99999999"])
def test_a_pause_is_within_reason(slack: Slack, retry_after: str) -> None:
    slack.headers = {}
    slack.fail("ratelimited", 429, **({"Retry_After": retry_after} if retry_after.isascii() else {}))
    assert 1 <= (failure(slack).retry_after or 0) <= 3600


@pytest.mark.parametrize(
    ("error", "status", "reason", "permanent"),
    [
        ("token_revoked", 200, "slack_token_refused", True),
        ("token_expired", 200, "slack_token_expired", False),
        ("missing_scope", 200, "slack_scope_missing", True),
        ("channel_not_found", 200, "slack_channel_not_found", True),
        ("not_in_channel", 200, "slack_not_in_channel", True),
        ("something_new", 200, "slack_request_refused", True),
        ("internal_error", 200, "slack_unavailable", False),
        ("anything", 503, "slack_unavailable", False),
    ],
)
def test_what_slacks_errors_mean(slack: Slack, error: str, status: int, reason: str, permanent: bool) -> None:
    slack.fail(error, status)
    failed = failure(slack)
    assert (failed.reason, failed.permanent) == (reason, permanent)
    assert "xoxb" not in f"{failed!r} {failed.message} {failed.__cause__!r}"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"null"])
def test_an_answer_that_is_not_slacks_passes(slack: Slack, body: bytes) -> None:
    slack.body = body
    assert failure(slack).reason == "slack_unavailable"


def test_nobody_answers() -> None:
    with pytest.raises(StepFailed) as failed:
        SlackClient("http://127.0.0.1:9/api/", MemoryPauses()).call("auth.test", ACCESS)
    assert (failed.value.reason, failed.value.permanent) == ("slack_unavailable", False)
