"""The way back: a link to the message in Slack."""

import re
from urllib.parse import quote, urlencode

from core.taming import Tame
from integrations.slack.arrival import Arrival
from integrations.slack.messages import Message

_WORKSPACE_URL = re.compile(r"https://[a-z0-9.-]+(:\d{1,5})?/?", re.ASCII | re.IGNORECASE)


def message_url(arrival: Arrival, message: Message) -> str:
    """The permalink below the workspace's address (``slack_url``, https only); without one, Slack's redirect."""
    workspace = Tame(arrival.recipient.config).text("slack_url")
    if workspace and _WORKSPACE_URL.fullmatch(workspace):
        return _permalink(workspace.rstrip("/"), message)
    team = arrival.recipient.account.team_id or arrival.callback.body.text("context_team_id", "team_id")
    query = {"team": team, "channel": message.channel, "message_ts": message.ts}
    return "https://slack.com/app_redirect?" + urlencode({name: value for name, value in query.items() if value})


def _permalink(workspace: str, message: Message) -> str:
    link = f"{workspace}/archives/{quote(message.channel, safe='')}/p{message.ts.replace('.', '')}"
    if message.thread_ts is None:
        return link
    return link + "?" + urlencode({"thread_ts": message.thread_ts, "cid": message.channel})
