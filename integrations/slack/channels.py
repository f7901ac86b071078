"""Slack's channels: https://docs.slack.dev/reference/methods/conversations.list and …/conversations.join."""

from core.adapter import Access, AccountKey, Pauses
from core.channels import Channel, ChannelBook, ChannelPage
from core.taming import JsonObject, JsonValue, Tame, bounded
from integrations.slack.client import SlackCalls, SlackClient

PAGE = 200
"""What Slack recommends; a page may hold fewer, even none, and not be the last."""
PACE_SECONDS = 3.5
"""Tier 2 is 20 requests a minute."""
_TYPES = "public_channel,private_channel"
_ID_CHARACTERS = 200


def channel_book(api_url: str, pauses: Pauses) -> ChannelBook:
    """What `integrations.discover` finds."""
    return SlackChannels(SlackClient(api_url, pauses))


class SlackChannels:
    """Implements `core.channels.ChannelBook`."""

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls

    def page(self, access: Access, account: AccountKey, position: JsonObject) -> ChannelPage:
        """See `core.channels.ChannelBook.page`. An organisation's list is the lists of its teams, one after another."""
        at = Tame(position)
        teams = at.texts("teams")
        if account.team_id is None and not position:
            teams = self._teams(access)
        answer = self._calls.call(
            "conversations.list",
            access,
            types=_TYPES,
            limit=PAGE,
            exclude_archived=False,
            cursor=at.text("cursor"),
            team_id=teams[0] if teams else None,
        )
        cursor = answer.object("response_metadata").text("next_cursor")
        channels = tuple(channel for each in answer.objects("channels") if (channel := _channel(each)))
        return ChannelPage(channels, _next(teams, cursor), PACE_SECONDS)

    def join(self, access: Access, channel_id: str) -> Channel:
        """See `core.channels.ChannelBook.join`."""
        answer = self._calls.call("conversations.join", access, channel=channel_id)
        joined = _channel(Tame({**answer.object("channel").raw, "is_member": True}))
        return joined or Channel(channel_id, is_member=True)

    def _teams(self, access: Access) -> tuple[str, ...]:
        """The teams that an organisation's admin let the app into."""
        answer = self._calls.call("auth.teams.list", access, limit=1000)
        return tuple(identity for each in answer.objects("teams") if (identity := each.text("id")))


def _next(teams: tuple[str, ...], cursor: str | None) -> JsonObject | None:
    left = teams if cursor else teams[1:]
    if not cursor and not left:
        return None
    named: list[JsonValue] = [*left]
    return {"teams": named, "cursor": cursor}


def _channel(raw: Tame) -> Channel | None:
    identity = raw.text("id")
    if identity is None or raw.flag("is_im") or raw.flag("is_mpim"):
        return None
    members = raw.raw.get("num_members")
    return Channel(
        id=bounded(identity, _ID_CHARACTERS),
        name=raw.text("name", "name_normalized"),
        is_private=raw.flag("is_private"),
        is_member=raw.flag("is_member"),
        is_ext_shared=raw.flag("is_ext_shared"),
        is_archived=raw.flag("is_archived"),
        members=members if isinstance(members, int) else None,
    )
