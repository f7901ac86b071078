"""The Web API's ``conversations.*``: channels and what was said in them.

Shapes: https://docs.slack.dev/reference/methods/conversations.history and its neighbours
"""

from collections.abc import Mapping

from core.taming import JsonObject
from sandbox import slack_objects
from sandbox.errors import SlackRefusal
from sandbox.slack import SlackStandIn
from sandbox.slack_history import Span
from sandbox.slack_world import SlackChannel


def conversations_list(slack: SlackStandIn, token: str, arguments: Mapping[str, str]) -> JsonObject:
    """The channels of the team, in pages."""
    viewer = slack.grants.bearer(token)
    team_id = arguments.get("team_id", "") if viewer.team.org_wide else viewer.team.id
    if not team_id:
        raise SlackRefusal("missing_argument")
    kinds = arguments.get("types", "public_channel").replace(" ", "").split(",")
    found = [
        _shown(slack, channel, team_id)
        for channel in slack.world.channels_of(frozenset({team_id}))
        if ("private_channel" if channel.is_private else "public_channel") in kinds
        and not (channel.is_private and channel.id in slack.outside)
    ]
    page, cursor = page_of(found, arguments)
    return {"channels": [*page], "response_metadata": {"next_cursor": cursor}}


def conversations_info(slack: SlackStandIn, token: str, arguments: Mapping[str, str]) -> JsonObject:
    """One channel."""
    viewer_team_id = slack.grants.bearer(token).team.id
    return {"channel": _shown(slack, _channel(slack, token, arguments), viewer_team_id)}


def conversations_join(slack: SlackStandIn, token: str, arguments: Mapping[str, str]) -> JsonObject:
    """The app enters a public channel; where it is already, nothing changes."""
    channel = _channel(slack, token, arguments)
    if channel.is_private:
        raise SlackRefusal("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackRefusal("is_archived")
    slack.outside.discard(channel.id)
    return {"channel": _shown(slack, channel, slack.grants.bearer(token).team.id)}


def auth_teams_list(slack: SlackStandIn, token: str, _: Mapping[str, str]) -> JsonObject:
    """The teams of the organisation that the app is installed on."""
    team = slack.grants.bearer(token).team
    found = [each for each in slack.world.teams if each.enterprise_id and each.enterprise_id == team.enterprise_id]
    return {"teams": [{"id": each.id, "name": each.name} for each in found or [team]]}


def conversations_history(slack: SlackStandIn, token: str, arguments: Mapping[str, str]) -> JsonObject:
    """The messages of a channel, newest first, in pages."""
    channel = _entered(slack, token, arguments)
    return _messages(slack, slack.history.of_channel(channel.id, _span(arguments)), arguments)


def conversations_replies(slack: SlackStandIn, token: str, arguments: Mapping[str, str]) -> JsonObject:
    """A thread, its first message first, in pages."""
    channel = _entered(slack, token, arguments)
    found = slack.history.of_thread(channel.id, arguments.get("ts", ""), _span(arguments))
    if found is None:
        raise SlackRefusal("thread_not_found")
    return _messages(slack, found, arguments)


def _channel(slack: SlackStandIn, token: str, arguments: Mapping[str, str]) -> SlackChannel:
    viewer = slack.grants.bearer(token)
    channel = slack.world.channel(arguments.get("channel", ""))
    if channel is None or viewer.team.id not in channel.team_ids:
        raise SlackRefusal("channel_not_found")
    return channel


def _entered(slack: SlackStandIn, token: str, arguments: Mapping[str, str]) -> SlackChannel:
    """A channel that the app is in."""
    channel = _channel(slack, token, arguments)
    if channel.id in slack.outside:
        raise SlackRefusal("not_in_channel")
    return channel


def _shown(slack: SlackStandIn, channel: SlackChannel, team_id: str) -> JsonObject:
    return slack_objects.channel(channel, viewer_team_id=team_id, is_member=channel.id not in slack.outside)


def _messages(slack: SlackStandIn, found: list[JsonObject], arguments: Mapping[str, str]) -> JsonObject:
    page, cursor = page_of(found, arguments, most=slack.limits.kind.most_messages)
    more: JsonObject = {"has_more": True, "response_metadata": {"next_cursor": cursor}} if cursor else {}
    return {"messages": [*page], "has_more": False, **more}


def page_of(found: list[JsonObject], arguments: Mapping[str, str], *, most: int = 1000) -> tuple[list[JsonObject], str]:
    """One page as the arguments ask for it, and the cursor of the next ("": none). Raises `SlackRefusal`."""
    start = _number(arguments.get("cursor"), 0, "invalid_cursor")
    limit = _number(arguments.get("limit"), 100, "invalid_limit")
    if not 1 <= limit <= 1000:
        raise SlackRefusal("invalid_limit")
    end = start + min(limit, most)
    return found[start:end], str(end) if end < len(found) else ""


def _span(arguments: Mapping[str, str]) -> Span:
    oldest, latest = arguments.get("oldest", ""), arguments.get("latest", "")
    for bound, error in ((oldest, "invalid_ts_oldest"), (latest, "invalid_ts_latest")):
        if bound and not (bound.isascii() and bound.replace(".", "", 1).isdigit()):
            raise SlackRefusal(error)
    return Span(oldest, latest, inclusive=arguments.get("inclusive", "") in {"1", "true", "True"})


def _number(text: str | None, default: int, error: str) -> int:
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise SlackRefusal(error)
    return int(text)
