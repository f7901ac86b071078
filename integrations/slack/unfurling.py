"""Links to signals that one of our members posts: Slack shows what is behind them, where only our people read."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec

from core.desk import Visitor
from core.taming import JsonObject
from integrations.slack.audience import is_internal
from integrations.slack.interaction import ISSUER, Person
from integrations.slack.listeners import Happening
from integrations.slack.messages import read_channel, read_ts
from integrations.slack.surfaces import Surfaces
from integrations.slack.views.signals import signal_lines

_SIGNAL = re.compile(r"/signals/(sig_[0-9A-Z]{26})", re.ASCII)
_MOST = 5


def unfurl(happening: Happening, surfaces: Surfaces) -> None:
    """Shows the signals of the visitor's workspace. Raises `StepFailed` when Slack cannot be told now.

    A link that is still being composed is left alone: nobody knows where it will be sent.
    """
    event = happening.event
    user, channel, ts = event.text("user"), read_channel(event), read_ts(event, "message_ts")
    if user is None or channel is None or ts is None or happening.is_shared:
        return
    for account in happening.accounts:
        person = Person(user, account.team_id or happening.place, account.enterprise_id)
        visitor = surfaces.desk.visitor(happening.slack_app_id, account, ISSUER, person.subject)
        if visitor is not None and visitor.may_look:
            _show(visitor, happening, channel, ts, surfaces)


def _show(visitor: Visitor, happening: Happening, channel: str, ts: str, surfaces: Surfaces) -> None:
    unfurls: JsonObject = dict(_unfurls(visitor, happening, surfaces))
    if not unfurls or not is_internal(surfaces.calls, surfaces.access.access(visitor.integration_id), channel):
        return
    shown = msgspec.json.encode(unfurls).decode()
    surfaces.call("chat.unfurl", visitor, channel=channel, ts=ts, unfurls=shown)


def _unfurls(visitor: Visitor, happening: Happening, surfaces: Surfaces) -> Iterator[tuple[str, JsonObject]]:
    """By link, what is behind it."""
    ours = urlsplit(surfaces.desk.console())
    for link in list(happening.event.objects("links"))[:_MOST]:
        url = link.text("url") or ""
        signal_id = _signal_of(url, ours.netloc)
        if signal_id and (brief := surfaces.desk.brief(visitor, signal_id)):
            yield url, {"blocks": [*signal_lines(brief)]}


def _signal_of(url: str, host: str) -> str | None:
    try:
        parts = urlsplit(url.replace("&amp;", "&"))
    except ValueError:
        return None
    found = _SIGNAL.fullmatch(parts.path)
    return found.group(1) if found and parts.netloc == host else None
