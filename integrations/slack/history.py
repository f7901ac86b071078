"""Slack's past, one request at a time: a channel's messages newest first, and each page's threads before the next page.

https://docs.slack.dev/reference/methods/conversations.history and …/conversations.replies. Replies to a thread whose
first message is older than the stretch are out of reach: Slack lists threads only by their first message.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from core.adapter import Access, Pauses
from core.errors import StepFailed
from core.history import Allowance, Historian, Page, Record, Stretch, Window
from core.signal import ConversationKey
from core.taming import JsonObject, Tame
from integrations.slack.allowance import ASKED_AT_ONCE, NARROW, WIDE, seen, slowed, wait
from integrations.slack.client import SlackCalls, SlackClient
from integrations.slack.messages import as_ts, moment, read_ts
from integrations.slack.records import Place, deletion_record, message_record, read_place

_TICK = timedelta(microseconds=1)
"""Slack leaves out a message at the very bound, unless both bounds are to be included."""
LOOK_BACK = timedelta(hours=24)
"""One request shows a day of most channels, with edits and deletions of what was said earlier."""
_PRIVATE_TALKS = frozenset({"im", "mpim"})


class Position(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where reading stands. ``latest`` is the ``ts`` down to which pages were read, ``threads`` are the roots whose
    replies are still to be read, ``replies`` is Slack's cursor in the first of them.
    """

    place: Place = Place()
    made: int = 0
    latest: str | None = None
    cursor: str | None = None
    threads: tuple[str, ...] = ()
    replies: str | None = None
    exhausted: bool = False


def historian(api_url: str, pauses: Pauses) -> Historian:
    """What `integrations.discover` finds."""
    return SlackHistorian(SlackClient(api_url, pauses))


class SlackHistorian:
    """Implements `core.history.Historian`."""

    look_back = LOOK_BACK
    allowances = (WIDE, NARROW)

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls

    def page(self, access: Access, stretch: Stretch, position: JsonObject, allowance: Allowance | None) -> Page:
        """See `core.history.Historian.page`. The first page also asks what the channel is."""
        at = msgspec.convert(position, Position) if position else Position(self._place(access, stretch.channel))
        at = msgspec.structs.replace(at, made=at.made + 1)
        if at.threads:
            return self._replies(access, stretch, at, allowance or WIDE)
        return self._messages(access, stretch, at, allowance)

    def look(
        self, access: Access, stretch: Stretch, ref: str, conversation: ConversationKey | None, now: datetime
    ) -> Record | None:
        """See `core.history.Historian.look`: the span of exactly one message, among the channel's or a thread's."""
        ts = ref.partition(":")[2]
        where: dict[str, str] = {"channel": stretch.channel, "oldest": ts, "latest": ts}
        method = "conversations.history"
        if conversation is not None:
            method, where["ts"] = "conversations.replies", conversation.ref.partition(":")[2]
        try:
            answer = self._calls.call(method, access, **where, inclusive=True, limit=2)
            left = [each for each in answer.objects("messages") if each.text("ts") == ts]
        except StepFailed as failure:
            if failure.reason != "slack_thread_not_found":
                raise
            left = []
        if any(each.text("subtype") != "tombstone" for each in left):
            return None
        return deletion_record(stretch, Place(), ts, as_ts(now))

    def slowed(self, allowance: Allowance | None, seconds: float) -> Allowance | None:
        """See `core.history.Historian.slowed`."""
        return slowed(allowance, seconds)

    def _place(self, access: Access, channel: str) -> Place:
        place = read_place(self._calls.call("conversations.info", access, channel=channel).object("channel"))
        if place.kind in _PRIVATE_TALKS:
            raise StepFailed("direct_message", permanent=True)
        return place

    def _messages(self, access: Access, stretch: Stretch, at: Position, before: Allowance | None) -> Page:
        answer = self._calls.call(
            "conversations.history",
            access,
            channel=stretch.channel,
            oldest=as_ts(stretch.since - _TICK),
            latest=at.latest or as_ts(stretch.until),
            inclusive=at.latest is None,
            cursor=at.cursor,
            limit=before.page_size if before else ASKED_AT_ONCE,
        )
        messages = list(answer.objects("messages"))
        allowance = seen(before, given=len(messages), has_more=answer.flag("has_more"))
        times = sorted(ts for each in messages if (ts := read_ts(each, "ts")))
        cursor = answer.object("response_metadata").text("next_cursor") if not times else None
        ahead = msgspec.structs.replace(
            at,
            latest=times[0] if times else at.latest,
            cursor=cursor,
            threads=tuple(_threads(messages, stretch.threads_since)),
            exhausted=not answer.flag("has_more") or not (times or cursor),
        )
        oldest = stretch.since if ahead.exhausted else (moment(ahead.latest) if ahead.latest else None)
        window = Window(oldest, _newest(stretch, at)) if oldest else None
        return _page(stretch, ahead, messages, allowance, window)

    def _replies(self, access: Access, stretch: Stretch, at: Position, allowance: Allowance) -> Page:
        root, *others = at.threads
        try:
            answer = self._calls.call(
                "conversations.replies",
                access,
                channel=stretch.channel,
                ts=root,
                oldest=as_ts(stretch.threads_since or stretch.since),
                latest=as_ts(stretch.until),
                inclusive=True,
                cursor=at.replies,
                limit=allowance.page_size,
            )
        except StepFailed as failure:
            if failure.reason not in {"slack_thread_not_found", "slack_cursor_invalid"}:
                raise
            # Gone since its channel was read; or Slack forgot where we were: then the thread is read from its start.
            answer, lost = Tame(None), failure.reason == "slack_cursor_invalid"
            left = at.threads if lost else tuple(others)
            return _page(stretch, msgspec.structs.replace(at, threads=left, replies=None), [], allowance, None)
        cursor = answer.object("response_metadata").text("next_cursor") if answer.flag("has_more") else None
        ahead = msgspec.structs.replace(at, threads=at.threads if cursor else tuple(others), replies=cursor)
        replies = [each for each in answer.objects("messages") if each.text("ts") != root]
        is_whole = at.replies is None and cursor is None
        key = ConversationKey("slack_thread", f"{stretch.channel}:{root}")
        window = Window(stretch.threads_since or stretch.since, stretch.until, key) if is_whole else None
        return _page(stretch, ahead, replies, allowance, window)


def _page(stretch: Stretch, at: Position, messages: list[Tame], allowance: Allowance, window: Window | None) -> Page:
    """The answer as a page; everything down to a moment is read only when its threads are, too."""
    records = (message_record(stretch, at.place, message) for message in messages)
    is_end = at.exhausted and not at.threads
    reached = stretch.since if is_end else (moment(at.latest) if at.latest and not at.threads else None)
    return Page(
        records=tuple(record for record in records if record),
        position=None if is_end else msgspec.to_builtins(at),
        allowance=allowance,
        wait_seconds=wait(allowance, at.made),
        reached_at=reached,
        seen_to=stretch.since if at.exhausted else (moment(at.latest) if at.latest else None),
        outstanding=len(at.threads),
        window=window,
        channel_name=at.place.name,
    )


def _newest(stretch: Stretch, at: Position) -> datetime:
    return (moment(at.latest) if at.latest else None) or stretch.until


def _threads(messages: list[Tame], since: datetime | None) -> Iterator[str]:
    """The roots of threads that have answers (newer than ``since``), newest first as they came."""
    for message in messages:
        ts = read_ts(message, "ts")
        replies = message.raw.get("reply_count")
        latest = read_ts(message, "latest_reply")
        is_old = since is not None and latest is not None and latest < as_ts(since)
        if ts and isinstance(replies, int) and replies > 0 and not is_old:
            yield ts
