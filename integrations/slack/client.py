"""The one client of Slack's Web API: every call keeps the pauses that Slack asked for, and no call waits for one.

A call that must wait, or whose failure will pass, raises a transient `StepFailed`: the row behind it is tried again
later, and other workspaces' calls go on. Limits: https://docs.slack.dev/apis/web-api/rate-limits
"""

import re
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, NoReturn, Protocol, TypeAlias

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import WebClient

from core.adapter import Access, Pauses
from core.errors import StepFailed
from core.slack_logs import slack_logger
from core.tally import tally
from core.taming import Tame
from core.trust import machines_trust

TIMEOUT_SECONDS = 8
DEFAULT_PAUSE_SECONDS = 30.0
LONGEST_PAUSE_SECONDS = 3600.0

Argument: TypeAlias = str | int | bool

REFUSALS: Mapping[str, StepFailed] = {
    **{
        error: StepFailed("slack_token_refused", permanent=True)
        for error in ("invalid_auth", "account_inactive", "token_revoked", "not_authed", "org_login_required")
    },
    "token_expired": StepFailed("slack_token_expired", permanent=False),
    "missing_scope": StepFailed("slack_scope_missing", permanent=True),
    "not_allowed_token_type": StepFailed("slack_scope_missing", permanent=True),
    "channel_not_found": StepFailed("slack_channel_not_found", permanent=True),
    "is_archived": StepFailed("slack_channel_archived", permanent=True),
    "not_in_channel": StepFailed("slack_not_in_channel", permanent=True),
    "user_not_found": StepFailed("slack_user_not_found", permanent=True),
    "thread_not_found": StepFailed("slack_thread_not_found", permanent=True),
    "message_not_found": StepFailed("slack_thread_not_found", permanent=True),
    "team_not_found": StepFailed("slack_team_not_found", permanent=True),
    "invalid_cursor": StepFailed("slack_cursor_invalid", permanent=True),
    "method_not_supported_for_channel_type": StepFailed("slack_request_refused", permanent=True),
}
"""What Slack's error names mean for the work behind the call; any other one is ``slack_request_refused``."""

_SLUG = re.compile(r"[a-z0-9_]{1,60}")
"""slack_sdk puts a sentence of its own where an answer was not Slack's."""
_PASSING = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"})
_NO_ANSWER = (OSError, HTTPException, ValueError, AttributeError, TypeError)
"""What slack_sdk lets through when nobody, or something that is not Slack, answers."""


class SlackCalls(Protocol):
    """What the rest of this folder asks of the client."""

    def call(self, method: str, access: Access, **arguments: Argument | None) -> Tame:
        """The answer of ``method``, such as ``conversations.history``; arguments that are None are left out.

        Raises `StepFailed`: ``slack_rate_limited`` with the pause, ``slack_unavailable``, or what `REFUSALS` says.
        """


class SlackClient:
    """Implements `SlackCalls` over HTTP. It is safe to share between threads."""

    def __init__(self, api_url: str, pauses: Pauses, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._api_url = api_url
        self._pauses = pauses
        self._timeout = timeout_seconds

    def call(self, method: str, access: Access, **arguments: Argument | None) -> Tame:
        """See `SlackCalls.call`."""
        try:
            answer = self._call(method, access, arguments)
        except StepFailed as failure:
            tally("slack", method, failure.reason)
            raise
        tally("slack", method, "ok")
        return answer

    def _call(self, method: str, access: Access, arguments: Mapping[str, Argument | None]) -> Tame:
        if wait := self._pauses.remaining(access.owner, method):
            raise _limited(wait)
        client = self._web_client(access)
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            data = client.api_call(method, data=given).data
        except SlackApiError as error:
            self._refuse(error, method, access)
        except (*_NO_ANSWER, SlackClientError) as error:
            raise StepFailed("slack_unavailable", permanent=False, message=type(error).__name__) from None
        return Tame(data if isinstance(data, dict) else None)

    def _web_client(self, access: Access) -> WebClient:
        timeout: Any = self._timeout  # parts of a second as well: https://docs.python.org/3/library/urllib.request.html
        return WebClient(
            access.token,
            self._api_url,
            timeout=timeout,
            ssl=machines_trust(),
            logger=slack_logger(),
            retry_handlers=[],
        )

    def _refuse(self, error: SlackApiError, method: str, access: Access) -> NoReturn:
        """Our failure for Slack's. The original is not chained: its text quotes what was sent."""
        status, name = error.response.status_code, str(error.response.get("error"))
        if status == 429:
            pause = _pause(error.response.headers)
            self._pauses.pause(access.owner, method, pause)
            raise _limited(pause) from None
        if status >= 500 or name in _PASSING or not _SLUG.fullmatch(name):
            raise StepFailed("slack_unavailable", permanent=False) from None
        meant = REFUSALS.get(name)
        if meant is None:
            raise StepFailed("slack_request_refused", permanent=True) from None
        raise StepFailed(meant.reason, permanent=meant.permanent) from None


def _limited(seconds: float) -> StepFailed:
    return StepFailed("slack_rate_limited", permanent=False, retry_after=seconds)


def _pause(headers: Mapping[str, str]) -> float:
    """Slack's Retry-After in seconds, within reason."""
    named = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    seconds = float(named) if named.isascii() and named.isdigit() else DEFAULT_PAUSE_SECONDS
    return min(max(seconds, 1.0), LONGEST_PAUSE_SECONDS)
