"""What was said in the channels, as Slack's history methods show it."""

import threading
from collections import defaultdict
from dataclasses import dataclass, field

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


@dataclass
class _Channel:
    """One channel's messages by ``ts``; replies also by their thread."""

    messages: dict[str, JsonObject] = field(default_factory=dict)
    replies: dict[str, dict[str, JsonObject]] = field(default_factory=lambda: defaultdict(dict))

    def put(self, message: JsonObject) -> None:
        ts, root = str(message["ts"]), message.get("thread_ts")
        self.messages[ts] = message
        if root and root != ts:
            self.replies[str(root)][ts] = message

    def drop(self, ts: str) -> None:
        message = self.messages.pop(ts, None)
        if message is not None:
            self.replies[str(message.get("thread_ts"))].pop(ts, None)

    def is_top(self, message: JsonObject) -> bool:
        """Whether it stands in the channel itself: not a reply, or one that was sent to the channel, too."""
        shown = message.get("subtype") == "thread_broadcast"
        return shown or message.get("thread_ts", message["ts"]) == message["ts"]

    def counted(self, message: JsonObject) -> JsonObject:
        """The message with what Slack adds to the first of a thread."""
        replies = sorted(self.replies.get(str(message["ts"]), ()))
        if not replies:
            return message
        return message | {"thread_ts": message["ts"], "reply_count": len(replies), "latest_reply": replies[-1]}


class SlackHistory:
    """Messages by channel, as they stand now; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._channels: dict[str, _Channel] = defaultdict(_Channel)

    def take(self, event: JsonObject) -> None:
        """Lets a message event happen: a message comes, changes or goes; other events change nothing."""
        if event.get("type") != "message":
            return
        tame = Tame(event)
        with self._lock:
            channel = self._channels[str(event["channel"])]
            match tame.text("subtype"):
                case "message_deleted":
                    channel.drop(str(event["deleted_ts"]))
                case "message_changed":
                    channel.put(tame.object("message").raw)
                case _:
                    channel.put(bare(event))

    def of_channel(self, channel_id: str, span: Span) -> list[JsonObject]:
        """The channel's messages in the span without replies, newest first; thread parents count their replies."""
        with self._lock:
            channel = self._channels[channel_id]
            found = [each for each in channel.messages.values() if channel.is_top(each) and span.holds(str(each["ts"]))]
            return sorted(map(channel.counted, found), key=lambda message: str(message["ts"]), reverse=True)

    def of_thread(self, channel_id: str, root_ts: str, span: Span) -> list[JsonObject] | None:
        """The thread, its first message and then the replies in the span; None when there is no such message."""
        with self._lock:
            channel = self._channels[channel_id]
            root = channel.messages.get(root_ts)
            if root is None:
                return None
            replies = [message for ts, message in sorted(channel.replies[root_ts].items()) if span.holds(ts)]
            return [channel.counted(root), *replies]
