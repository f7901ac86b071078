"""What was said in the channels, as Slack's history methods show it."""

import threading
from collections import defaultdict
from dataclasses import dataclass

from core.taming import JsonObject, Tame
from sandbox.slack_events import bare


@dataclass(frozen=True, slots=True)
class Span:
    """Between two timestamps, which belong to it when ``inclusive``; "" has no bound."""

    oldest: str = ""
    latest: str = ""
    inclusive: bool = False

    def holds(self, ts: str) -> bool:
        """Whether a message of this timestamp lies in the span."""
        moment = float(ts)
        if self.inclusive and ts in {self.oldest, self.latest}:
            return True
        return (not self.oldest or moment > float(self.oldest)) and (not self.latest or moment < float(self.latest))


class SlackHistory:
    """Messages by channel, as they stand now; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channels: dict[str, dict[str, JsonObject]] = defaultdict(dict)

    def take(self, event: JsonObject) -> None:
        """Lets a message event happen: a message comes, changes or goes; other events change nothing."""
        if event.get("type") != "message":
            return
        tame = Tame(event)
        with self._lock:
            messages = self._channels[str(event["channel"])]
            match tame.text("subtype"):
                case "message_deleted":
                    messages.pop(str(event["deleted_ts"]), None)
                case "message_changed":
                    changed = tame.object("message")
                    messages[str(changed.text("ts"))] = changed.raw
                case _:
                    messages[str(event["ts"])] = bare(event)

    def of_channel(self, channel_id: str, span: Span) -> list[JsonObject]:
        """The channel's messages in the span without replies, newest first; thread parents count their replies."""
        with self._lock:
            messages = list(self._channels[channel_id].values())
        tops = [message for message in messages if message.get("thread_ts", message["ts"]) == message["ts"]]
        counted = [message | _thread_of(message, messages) for message in tops if span.holds(str(message["ts"]))]
        return sorted(counted, key=lambda message: str(message["ts"]), reverse=True)

    def of_thread(self, channel_id: str, root_ts: str, span: Span) -> list[JsonObject] | None:
        """The thread, its first message and then the replies in the span; None when there is no such message."""
        with self._lock:
            messages = list(self._channels[channel_id].values())
        root = next((message for message in messages if message["ts"] == root_ts), None)
        if root is None:
            return None
        replies = [message for message in _replies(root_ts, messages) if span.holds(str(message["ts"]))]
        return [root | _thread_of(root, messages), *replies]


def _replies(root_ts: str, messages: list[JsonObject]) -> list[JsonObject]:
    found = [message for message in messages if message.get("thread_ts") == root_ts != message["ts"]]
    return sorted(found, key=lambda message: str(message["ts"]))


def _thread_of(root: JsonObject, messages: list[JsonObject]) -> JsonObject:
    replies = _replies(str(root["ts"]), messages)
    if not replies:
        return {}
    return {"thread_ts": root["ts"], "reply_count": len(replies), "latest_reply": replies[-1]["ts"]}
