"""The exchange of a code for tokens, and what Slack then tells of the new bot.

Shapes: https://docs.slack.dev/reference/methods/oauth.v2.access and https://docs.slack.dev/reference/methods/auth.test
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from http.client import HTTPException

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.web import SlackResponse, WebClient

from core.errors import SignalboxError
from core.logs import get_logger
from core.slack_logs import slack_logger
from core.taming import Tame
from core.trust import machines_trust
from oauth.slack_apps import AppCredentials

log = get_logger()

TIMEOUT_SECONDS = 8
SLACK_URL = "slack_url"
"""The custom value of an `Installation` that holds the team's address, such as ``https://acme.slack.com/``."""

CODE_ERRORS = frozenset({"invalid_code", "code_already_used", "code_expired", "invalid_grant"})
SLACKS_OWN_ERRORS = frozenset(
    {"fatal_error", "internal_error", "ratelimited", "rate_limited", "request_timeout", "service_unavailable"}
)
_SLUG = re.compile(r"[a-z0-9_]{1,60}")
NO_ANSWER = (OSError, HTTPException, ValueError, AttributeError, TypeError)
"""What slack_sdk lets through when nobody, or something that is not Slack, answers."""


def slack_client(api_url: str) -> WebClient:
    """A client that answers soon. A code works once, so nothing is tried again behind our back."""
    return WebClient(
        base_url=api_url, timeout=TIMEOUT_SECONDS, ssl=machines_trust(), logger=slack_logger(), retry_handlers=[]
    )


def exchange(client: WebClient, app: AppCredentials, *, code: str, redirect_uri: str, now: datetime) -> Installation:
    """The installation that the code completes. Once Slack has given tokens nothing here loses them any more.

    Raises ``invalid_code``, ``slack_app_rejected`` (Slack does not accept the app's credentials or settings) or
    ``slack_unavailable`` (no answer, a 5xx or 429).
    """
    answer = _tamed(
        lambda: client.oauth_v2_access(
            code=code, client_id=app.client_id, client_secret=app.client_secret, redirect_uri=redirect_uri
        )
    )
    if answer.text("access_token") is None:
        raise SignalboxError("slack_app_rejected", "Slack granted no bot token: the app asks for no bot scope.")
    return _installation(answer, _introduction(client, answer), now)


def _tamed(call: Callable[[], SlackResponse]) -> Tame:
    try:
        data = call().data
    except SlackApiError as error:
        raise _refusal(error) from None
    except (*NO_ANSWER, SlackClientError) as error:
        log.warning("slack_exchange_failed", reason="slack_unavailable", kind=type(error).__name__)
        raise SignalboxError("slack_unavailable", "Slack did not answer.") from None
    return Tame(data if isinstance(data, dict) else None)


def _refusal(error: SlackApiError) -> SignalboxError:
    """Our reason for Slack's. The original is not chained: its text quotes what was sent."""
    status, slug = error.response.status_code, str(error.response.get("error"))
    if status == 429 or status >= 500 or slug in SLACKS_OWN_ERRORS or not _SLUG.fullmatch(slug):
        reason = "slack_unavailable"
    else:
        reason = "invalid_code" if slug in CODE_ERRORS else "slack_app_rejected"
    log.warning("slack_exchange_failed", reason=reason, kind=slug if _SLUG.fullmatch(slug) else None, status=status)
    return SignalboxError(reason, "Slack refused the code.")


def _introduction(client: WebClient, answer: Tame) -> Tame:
    """What ``auth.test`` says of the bot: ``bot_id`` and ``url``. Nothing, when it fails: the tokens matter more."""
    try:
        data = client.auth_test(token=answer.text("access_token")).data
    except (*NO_ANSWER, SlackClientError) as error:
        log.warning("slack_auth_test_failed", kind=type(error).__name__)
        return Tame(None)
    return Tame(data if isinstance(data, dict) else None)


def _installation(answer: Tame, introduction: Tame, now: datetime) -> Installation:
    team, enterprise = answer.object("team"), answer.object("enterprise")
    is_enterprise_install = answer.flag("is_enterprise_install")
    url = introduction.text("url") or ""
    return Installation(
        app_id=answer.text("app_id"),
        enterprise_id=enterprise.text("id"),
        enterprise_name=enterprise.text("name"),
        team_id=None if is_enterprise_install else team.text("id"),
        team_name=team.text("name"),
        bot_token=answer.text("access_token"),
        bot_id=introduction.text("bot_id"),
        bot_user_id=answer.text("bot_user_id"),
        bot_scopes=answer.texts("scope"),
        bot_refresh_token=answer.text("refresh_token"),
        bot_token_expires_at=expiry(answer, now),
        user_id=answer.object("authed_user").text("id") or "",
        is_enterprise_install=is_enterprise_install,
        token_type=answer.text("token_type"),
        installed_at=now,
        custom_values={SLACK_URL: url} if url.startswith("https://") else {},
    )


def expiry(answer: Tame, now: datetime) -> datetime | None:
    """When the granted token ends; None without rotation."""
    seconds = answer.raw.get("expires_in")
    return now + timedelta(seconds=seconds) if isinstance(seconds, int) and 0 < seconds < 10**9 else None
