"""Slack's answers about tokens: fresh ones, whether one is alive, and the farewell.

Rules: https://docs.slack.dev/authentication/using-token-rotation,
https://docs.slack.dev/reference/methods/oauth.v2.exchange and https://docs.slack.dev/reference/methods/apps.uninstall
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import WebClient

from core.clock import Clock
from core.errors import SealBroken, SignalboxError, StepFailed
from core.grants import Client, Grant, Presented
from core.taming import Tame
from db import Database
from oauth.exchange import NO_ANSWER, SLACKS_OWN_ERRORS, expiry, slack_client
from oauth.slack_apps import credentials

DEAD: Mapping[str, str] = {
    "invalid_refresh_token": "invalid_refresh_token",
    "token_already_exchanged": "token_already_exchanged",
    **dict.fromkeys(
        ("authorization_not_found", "account_inactive", "token_revoked", "token_expired", "invalid_auth", "not_authed"),
        "slack_token_refused",
    ),
}
"""Slack's errors after which only a reinstall helps, and our reasons."""
ROTATION_OFF_PAUSE = 24 * 3600.0

_SLUG = re.compile(r"[a-z0-9_]{1,60}")


@dataclass(frozen=True, slots=True)
class SlackGrants:
    """Implements `core.grants.TokenGrants`. Nothing is tried again here: a refresh token works once."""

    database: Database
    api_url: str
    clock: Clock

    def renew(self, presented: Presented) -> Grant:
        """See `core.grants.TokenGrants.renew`."""
        asked_at = self.clock()
        if presented.refresh_token is None:
            answer = self._ask("oauth.v2.exchange", presented, token=presented.access_token)
        else:
            renewal = {"grant_type": "refresh_token", "refresh_token": presented.refresh_token}
            answer = self._ask("oauth.v2.access", presented, **renewal)
        token = answer.text("access_token")
        if token is None or answer.text("token_type") not in (None, "bot"):
            raise StepFailed("slack_app_rejected", permanent=False)
        return Grant(token, answer.text("refresh_token"), expiry(answer, asked_at), answer.texts("scope"))

    def is_alive(self, access_token: str) -> bool | None:
        """See `core.grants.TokenGrants.is_alive`."""
        try:
            _answer(slack_client(self.api_url), "auth.test", {"token": access_token})
        except StepFailed as failure:
            return False if failure.permanent else None
        return True

    def uninstall(self, presented: Presented) -> None:
        """See `core.grants.TokenGrants.uninstall`. A token that was revoked has nothing left to end."""
        try:
            self._ask("apps.uninstall", presented, token=presented.access_token)
        except StepFailed as failure:
            if not failure.permanent or failure.message == "token_expired":
                raise

    def _ask(self, method: str, presented: Presented, **arguments: str) -> Tame:
        client = presented.client or self._client(presented)
        arguments |= {"client_id": client.id, "client_secret": client.secret}
        return _answer(slack_client(self.api_url), method, arguments)

    def _client(self, presented: Presented) -> Client:
        try:
            app = credentials(self.database, presented.slack_app_id or "")
        except (SealBroken, SignalboxError) as error:
            raise StepFailed(error.reason, permanent=False) from error
        return Client(app.client_id, app.client_secret)


def _answer(client: WebClient, method: str, arguments: dict[str, str]) -> Tame:
    """Slack's answer to a form: slack_sdk's own functions would put some of these secrets into the address.

    Raises `StepFailed`, whose message is Slack's own name of the error.
    """
    try:
        data = client.api_call(method, data=arguments).data
    except SlackApiError as error:
        _refuse(error)
    except (*NO_ANSWER, SlackClientError) as error:
        raise StepFailed("slack_unavailable", permanent=False, message=type(error).__name__) from None
    return Tame(data if isinstance(data, dict) else None)


def _refuse(error: SlackApiError) -> NoReturn:
    """Our failure for Slack's. The original is not chained: its text quotes what was sent."""
    status, name = error.response.status_code, str(error.response.get("error"))
    if status == 429 or name in ("ratelimited", "rate_limited"):
        named = {key.lower(): value for key, value in error.response.headers.items()}.get("retry-after", "")
        pause = float(named) if named.isascii() and named.isdigit() else None
        raise StepFailed("slack_rate_limited", permanent=False, retry_after=pause) from None
    if status >= 500 or name in SLACKS_OWN_ERRORS or not _SLUG.fullmatch(name):
        raise StepFailed("slack_unavailable", permanent=False) from None
    if name in DEAD:
        raise StepFailed(DEAD[name], permanent=True, message=name) from None
    if name == "token_rotation_not_enabled":
        raise StepFailed("slack_rotation_off", permanent=False, retry_after=ROTATION_OFF_PAUSE) from None
    raise StepFailed("slack_app_rejected", permanent=False, message=name) from None
