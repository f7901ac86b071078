"""How well a connection's token is: what the console and Slack show of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from db import Integration
from pipeline.tokens.renewal import is_leased

EXPLANATIONS: Mapping[str, str] = {
    "invalid_refresh_token": "Slack does not know the refresh token any more. Add the app to Slack once more.",
    "token_already_exchanged": "What came for the old token was lost in a crash. Add the app to Slack once more.",
    "slack_token_refused": "Slack does not accept the token any more. Add the app to Slack once more.",
    "slack_app_rejected": "Slack does not accept the app's client id and secret. Check them; it is tried again.",
    "slack_app_missing": "The Slack app's credentials are gone. Give them again; it is tried again.",
    "slack_unavailable": "Slack did not answer. It is tried again.",
    "slack_rate_limited": "Slack asked for a pause. It is tried again after it.",
    "pylon_token_refused": "Pylon refuses the API token. Give another one, of this organisation and region; meanwhile "
    "what arrives is stored, and Pylon is asked again every 15 minutes.",
    "slack_not_told": "Slack could not be told that the app leaves. Remove it in Slack too; its token is wiped here.",
    "seal_key_unknown": "The tokens were sealed with a key that SIGNALBOX_ENCRYPTION_KEYS lacks. Bring it back.",
    "seal_broken": "The stored tokens were altered. Add the app to Slack once more.",
    "seal_unreadable": "The stored tokens cannot be read. Add the app to Slack once more.",
}
"""What each reason means to an admin, and what to do; the slugs are those of docs/reasons.md."""


@dataclass(frozen=True, slots=True)
class TokenHealth:
    """``expires_in`` is None for a token that does not end, and negative for one that has. ``problem`` is why the last
    refresh failed or the platform refuses the token, ``explanation`` its sentence with the fix. ``needs_reconnect``:
    only a person can help.
    """

    expires_at: datetime | None
    expires_in: timedelta | None
    refreshed_at: datetime | None
    renews_at: datetime | None
    attempts: int
    problem: str | None
    problem_since: datetime | None
    explanation: str | None
    needs_reconnect: bool


def token_health(row: Integration, now: datetime) -> TokenHealth:
    """The health of this connection's token at that moment; nothing of the token itself."""
    # An app that does not rotate its tokens is well: nothing has to be refreshed.
    problem = None if row.refresh_problem == "slack_rotation_off" else row.refresh_problem
    if row.state == "needs_reconnect":
        problem = problem or row.state_reason
    expires_at = row.token_expires_at if row.is_connected else None
    explanation = EXPLANATIONS.get(problem, f"Reason: {problem}.") if problem else None
    return TokenHealth(
        expires_at=expires_at,
        expires_in=expires_at - now if expires_at else None,
        refreshed_at=row.refreshed_at,
        renews_at=None if is_leased(row, now) or expires_at is None else row.refresh_due_at,
        attempts=row.refresh_attempts,
        problem=problem,
        problem_since=row.token_problem_since if problem else None,
        explanation=explanation,
        needs_reconnect=row.state == "needs_reconnect",
    )
