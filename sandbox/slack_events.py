"""Events in the true shapes of Slack's Events API: pure builders, and the envelope around them.

Shapes: https://docs.slack.dev/apis/events-api and https://docs.slack.dev/reference/events/message
"""

import uuid
from dataclasses import dataclass

from core.taming import JsonObject
from sandbox.slack_grants import Installation
from sandbox.slack_world import SlackChannel, SlackUser, slack_id


@dataclass(frozen=True, slots=True)
class SlackFile:
    """A file that somebody attaches."""

    name: str
    mimetype: str
    size: int


def message(
    channel: SlackChannel, author: SlackUser, text: str, ts: str, *, thread_ts: str | None = None
) -> JsonObject:
    """A person's message, or a thread reply when ``thread_ts`` names the thread's first message."""
    event: JsonObject = {
        "type": "message",
        "client_msg_id": str(uuid.uuid4()),
        "user": author.id,
        "text": text,
        "team": author.team_id,
        "blocks": [_rich_text(text)],
        **_standing(channel, ts),
    }
    if thread_ts:
        event["thread_ts"] = thread_ts
    if channel.is_ext_shared:
        event |= {"user_team": author.team_id, "source_team": author.team_id}
    if author.team_id != channel.team_ids[0]:
        event["user_profile"] = _profile(author)
    return event


def file_share(channel: SlackChannel, author: SlackUser, text: str, ts: str, file: SlackFile) -> JsonObject:
    """A message with a file; its words are the comment."""
    shared: JsonObject = {
        "id": slack_id("F"),
        "created": int(float(ts)),
        "timestamp": int(float(ts)),
        "name": file.name,
        "title": file.name,
        "mimetype": file.mimetype,
        "filetype": file.name.rsplit(".", 1)[-1],
        "user": author.id,
        "user_team": author.team_id,
        "mode": "hosted",
        "size": file.size,
        "is_external": False,
        "is_public": False,
        "url_private": f"https://files.slack.com/files-pri/{author.team_id}/{file.name}",
        "file_access": "visible",
    }
    extra: JsonObject = {"subtype": "file_share", "files": [shared], "upload": False, "display_as_bot": False}
    return message(channel, author, text, ts) | extra


def message_changed(original: JsonObject, text: str, ts: str) -> JsonObject:
    """The author's edit of a message that was sent before; the identity stays in the inner ``ts``."""
    edited: JsonObject = {"user": original["user"], "ts": ts}
    words: JsonObject = {"text": text, "blocks": [_rich_text(text)], "edited": edited}
    return _aftermath(original, "message_changed", ts) | {"message": bare(original) | words}


def message_deleted(original: JsonObject, ts: str) -> JsonObject:
    """The deletion of a message that was sent before."""
    return _aftermath(original, "message_deleted", ts) | {"deleted_ts": original["ts"]}


def bot_message(channel: SlackChannel, team_id: str, name: str, text: str, ts: str) -> JsonObject:
    """A modern app's message: no subtype, recognisable by ``bot_id`` and ``bot_profile`` only."""
    bot_id, app_id = slack_id("B"), slack_id("A")
    profile: JsonObject = {"id": bot_id, "deleted": False, "name": name, "app_id": app_id, "team_id": team_id}
    return {
        "type": "message",
        "user": slack_id("U"),
        "bot_id": bot_id,
        "app_id": app_id,
        "bot_profile": profile,
        "text": text,
        "team": team_id,
        "blocks": [_rich_text(text)],
        **_standing(channel, ts),
    }


def channel_join(channel: SlackChannel, user: SlackUser, ts: str, *, inviter: SlackUser | None = None) -> JsonObject:
    """Somebody was added to the channel."""
    event: JsonObject = {
        "type": "message",
        "subtype": "channel_join",
        "user": user.id,
        "text": f"<@{user.id}> has joined the channel",
        **_standing(channel, ts),
    }
    return event | ({"inviter": inviter.id} if inviter else {})


def reaction_added(user: SlackUser, emoji: str, said: JsonObject, ts: str) -> JsonObject:
    """Somebody puts an emoji on a message that was sent before; the event does not say what it says."""
    item: JsonObject = {"type": "message", "channel": said["channel"], "ts": said["ts"]}
    return {
        "type": "reaction_added",
        "user": user.id,
        "reaction": emoji,
        "item": item,
        "item_user": said["user"],
        "event_ts": ts,
    }


def app_mention(said: JsonObject) -> JsonObject:
    """The second event of a message that mentions the app."""
    kept = ("user", "text", "ts", "thread_ts", "channel", "event_ts", "team", "client_msg_id", "blocks")
    return {"type": "app_mention", **{name: said[name] for name in kept if name in said}}


def app_uninstalled() -> JsonObject:
    """The app was removed from the team."""
    return {"type": "app_uninstalled"}


def tokens_revoked(*, bot_user_ids: tuple[str, ...] = (), user_ids: tuple[str, ...] = ()) -> JsonObject:
    """Tokens were revoked; the lists hold the ids of users, not tokens."""
    return {"type": "tokens_revoked", "tokens": {"oauth": list(user_ids), "bot": list(bot_user_ids)}}


def event_callback(
    event: JsonObject, installation: Installation, *, api_app_id: str, event_time: int, is_ext_shared: bool = False
) -> JsonObject:
    """The envelope, addressed to one installation.

    The outer ``team_id`` is the author's team, which in a shared channel need not be the installed one.
    """
    team = installation.team
    source = event.get("team") or team.id
    return {
        "token": "deprecated-verification-token",
        "team_id": source,
        "enterprise_id": team.enterprise_id if source == team.id else None,
        "context_team_id": team.id,
        "context_enterprise_id": team.enterprise_id,
        "api_app_id": api_app_id,
        "event": event,
        "type": "event_callback",
        "event_id": slack_id("Ev"),
        "event_time": event_time,
        "authorizations": [authorization(installation)],
        "is_ext_shared_channel": is_ext_shared,
        "event_context": f"4-{uuid.uuid4().hex}",
    }


def authorization(installation: Installation) -> JsonObject:
    """How an envelope names an installation."""
    team = installation.team
    return {
        "enterprise_id": team.enterprise_id,
        "team_id": None if team.org_wide else team.id,
        "user_id": installation.bot_user_id,
        "is_bot": True,
        "is_enterprise_install": team.org_wide,
    }


def bare(original: JsonObject) -> JsonObject:
    """A message as it stands in history or inside another event: without what only an event has."""
    outer = {"channel", "event_ts", "channel_type"}
    return {name: value for name, value in original.items() if name not in outer}


def _standing(channel: SlackChannel, ts: str) -> JsonObject:
    kind = "group" if channel.is_private else "channel"
    return {"channel": channel.id, "ts": ts, "event_ts": ts, "channel_type": kind}


def _profile(author: SlackUser) -> JsonObject:
    """What Slack Connect tells of somebody whom ``users.info`` may not know."""
    return {
        "avatar_hash": "",
        "first_name": author.name.split(" ", maxsplit=1)[0],
        "real_name": author.name,
        "display_name": author.name,
        "team": author.team_id,
        "name": author.handle,
        "is_restricted": author.is_guest,
        "is_ultra_restricted": False,
    }


def _aftermath(original: JsonObject, subtype: str, ts: str) -> JsonObject:
    return {
        "type": "message",
        "subtype": subtype,
        "hidden": True,
        "channel": original["channel"],
        "previous_message": bare(original),
        "ts": ts,
        "event_ts": ts,
        "channel_type": original["channel_type"],
    }


def _rich_text(text: str) -> JsonObject:
    section: JsonObject = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "block_id": uuid.uuid4().hex[:5], "elements": [section]}
