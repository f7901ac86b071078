"""What happens on Slack's side and is no message: each kind of event and the function that acts on it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Protocol

from core.adapter import AccountKey
from core.changes import Change
from core.taming import Tame
from integrations.slack.arrival import Malformed, read_callback
from integrations.slack.changes import CHANGES, read_change
from integrations.slack.envelope import envelope


class Lifecycle(Protocol):
    """Ends connections and changes them. Each call is idempotent."""

    def end_installation(self, *, slack_app_id: str, account: AccountKey, reason: str, happened_at: datetime) -> None:
        """Wipes the installation's tokens and stops its intake, unless it was installed again after ``happened_at``."""

    def change(
        self, change: Change, *, slack_app_id: str, accounts: Sequence[AccountKey], happened_at: datetime
    ) -> None:
        """Applies what changed to these connected installations, unless something later is known."""


@dataclass(frozen=True, slots=True)
class Happening:
    """An event of one Slack app, addressed to these installations. ``place`` is the team in which it happened, and
    ``is_shared`` whether that was in a channel in which other companies read along.
    """

    slack_app_id: str
    type: str
    event: Tame
    accounts: tuple[AccountKey, ...]
    happened_at: datetime
    place: str | None = None
    is_shared: bool = False


def read_happening(body: bytes, *, slack_app_id: str, received_at: datetime) -> Happening | None:
    """The event in an authentic body; None when it cannot be understood."""
    callback = read_callback(body)
    if isinstance(callback, Malformed):
        return None
    happened_at = _happened_at(callback.body) or received_at
    body_of = callback.body
    return Happening(
        slack_app_id,
        callback.type,
        callback.event or body_of,  # the notice of a rate limit is an event without an envelope
        envelope(body).accounts,
        happened_at,
        place=body_of.text("context_team_id", "team_id"),
        is_shared=body_of.flag("is_ext_shared_channel"),
    )


def end_installations(happening: Happening, lifecycle: Lifecycle) -> None:
    """The app is gone from a team or an organisation."""
    for account in happening.accounts:
        lifecycle.end_installation(
            slack_app_id=happening.slack_app_id,
            account=account,
            reason=happening.type,
            happened_at=happening.happened_at,
        )


def end_without_bot_token(happening: Happening, lifecycle: Lifecycle) -> None:
    """Tokens died. Only the bot's matter: its installation can neither ask nor answer any more."""
    if happening.event.object("tokens").texts("bot"):
        end_installations(happening, lifecycle)


def change_installations(happening: Happening, lifecycle: Lifecycle) -> None:
    """Something about the installations is different now."""
    change = read_change(happening.type, happening.event)
    if change is not None:
        lifecycle.change(
            change,
            slack_app_id=happening.slack_app_id,
            accounts=happening.accounts,
            happened_at=happening.happened_at,
        )


LISTENERS: Mapping[str, Callable[[Happening, Lifecycle], None]] = MappingProxyType(
    {
        "app_uninstalled": end_installations,
        "tokens_revoked": end_without_bot_token,
        **dict.fromkeys(CHANGES, change_installations),
    }
)
"""https://docs.slack.dev/reference/events: they come in no guaranteed order, and late."""


def _happened_at(body: Tame) -> datetime | None:
    """``event_time`` counts whole seconds. It is read as the end of its second: an installation and its removal
    within one second must not look as if the removal had come late.
    """
    seconds = body.raw.get("event_time")
    if not isinstance(seconds, int) or not 0 < seconds < 10**11:
        return None
    return datetime.fromtimestamp(seconds, UTC) + timedelta(microseconds=999_999)
