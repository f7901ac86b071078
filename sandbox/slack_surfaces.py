"""What people do with the app in Slack (shortcuts, dialogs, buttons, commands), and what the app shows them.

Shapes: https://docs.slack.dev/interactivity/handling-user-interaction
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from core.clock import Clock
from core.taming import JsonObject, JsonValue
from sandbox.errors import SlackRefusal
from sandbox.slack_kit import problems_of_view
from sandbox.slack_world import SlackChannel, SlackTeam, SlackUser, slack_id

TRIGGER_LIFE = timedelta(seconds=3)


@dataclass(frozen=True, slots=True)
class Opened:
    """A view that somebody has before them."""

    id: str
    user_id: str
    view: JsonObject


@dataclass(slots=True)
class Screens:
    """Triggers that are still good, dialogs that are open, and everybody's home page."""

    clock: Clock
    opened: list[Opened] = field(default_factory=list)
    homes: dict[str, JsonObject] = field(default_factory=dict)
    _triggers: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def trigger(self, user: SlackUser) -> str:
        """A trigger for one view, alive for three seconds."""
        trigger_id = f"{slack_id('')}.{slack_id('')}"
        with self._lock:
            self._triggers[trigger_id] = (user.id, self.clock() + TRIGGER_LIFE)
        return trigger_id

    def open(self, trigger_id: str, view: JsonObject) -> Opened:
        """Opens a dialog before whoever pulled the trigger. Raises `SlackRefusal`."""
        with self._lock:
            user_id, until = self._triggers.pop(trigger_id, ("", self.clock()))
        if not user_id:
            raise SlackRefusal("invalid_trigger_id")
        if until < self.clock():
            raise SlackRefusal("expired_trigger_id")
        shown = Opened(slack_id("V"), user_id, checked(view))
        self.opened.append(shown)
        return shown

    def publish(self, user_id: str, view: JsonObject) -> Opened:
        """Shows somebody's home page. Raises `SlackRefusal`."""
        self.homes[user_id] = checked(view)
        return Opened(slack_id("V"), user_id, view)


def checked(view: JsonObject) -> JsonObject:
    """The view, unless Slack would refuse it. Raises `SlackRefusal`."""
    if problems_of_view(view):
        raise SlackRefusal("invalid_arguments")
    return view


@dataclass(frozen=True, slots=True)
class Desktop:
    """One person's Slack: what they do with the app, as payloads; ``place`` is where the app is installed."""

    user: SlackUser
    place: SlackTeam
    api_app_id: str
    screens: Screens

    def shortcut(self, callback_id: str, channel: SlackChannel, message: JsonObject) -> JsonObject:
        """A shortcut on a message of a channel."""
        where: JsonObject = {"id": channel.id, "name": "privategroup" if channel.is_private else channel.name}
        body = self._body("message_action", triggers=True) | {"callback_id": callback_id, "channel": where}
        return body | {"message_ts": message["ts"], "message": message, "response_url": "https://hooks.invalid/actions"}

    def submit(self, opened: Opened, filled: Mapping[str, JsonObject] | None = None) -> JsonObject:
        """A dialog is sent off; ``filled`` holds the state of each block's element ``value``."""
        values: JsonObject = {block: {"value": state} for block, state in (filled or {}).items()}
        shown = opened.view | {
            "id": opened.id,
            "team_id": self.user.team_id,
            "state": {"values": values},
            "hash": "1.hash",
            "app_id": self.api_app_id,
            "app_installed_team_id": self.place.id,
        }
        return self._body("view_submission", triggers=True) | {"view": shown, "response_urls": []}

    def press(self, action: JsonObject, view: JsonObject | None = None) -> JsonObject:
        """A button or menu of a view is used; ``action`` as in ``actions``."""
        shown: JsonObject = (view or {}) | {"id": slack_id("V"), "app_installed_team_id": self.place.id}
        return self._body("block_actions", triggers=True) | {"view": shown, "actions": [action]}

    def command(self, command: str, text: str, channel: SlackChannel) -> dict[str, str]:
        """A slash command, which comes as plain form fields."""
        return {
            "token": "deprecated-verification-token",
            "team_id": self.user.team_id,
            "team_domain": self.place.domain,
            "channel_id": channel.id,
            "channel_name": channel.name,
            "user_id": self.user.id,
            "user_name": self.user.handle,
            "command": command,
            "text": text,
            "api_app_id": self.api_app_id,
            "is_enterprise_install": "true" if self.place.org_wide else "false",
            **({"enterprise_id": self.place.enterprise_id} if self.place.enterprise_id else {}),
            "response_url": "https://hooks.invalid/commands",
            "trigger_id": self.screens.trigger(self.user),
        }

    def _body(self, kind: str, *, triggers: bool) -> JsonObject:
        enterprise: JsonValue = {"id": self.place.enterprise_id} if self.place.enterprise_id else None
        return {
            "type": kind,
            "token": "deprecated-verification-token",
            "api_app_id": self.api_app_id,
            "team": {"id": self.place.id, "domain": self.place.domain},
            "enterprise": enterprise,
            "is_enterprise_install": self.place.org_wide,
            "user": {
                "id": self.user.id,
                "username": self.user.handle,
                "name": self.user.handle,
                "team_id": self.user.team_id,
            },
            "action_ts": "1.0",
            **({"trigger_id": self.screens.trigger(self.user)} if triggers else {}),
        }


def form_of(payload: JsonObject) -> dict[str, str]:
    """An interactive payload as the form field that carries it."""
    return {"payload": msgspec.json.encode(payload).decode()}
