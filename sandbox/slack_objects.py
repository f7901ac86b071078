"""Slack's objects as its Web API shows them to one team: people, teams and channels.

Shapes: https://docs.slack.dev/reference/objects/user-object and …/conversation-object
"""

from core.taming import JsonObject
from sandbox.slack_world import SlackChannel, SlackTeam, SlackUser

CREATED = 1_700_000_000


def user(person: SlackUser, *, viewer_team_id: str) -> JsonObject:
    """A person; of other teams Slack tells the profile, but neither roles nor time zone."""
    shown: JsonObject = {
        "id": person.id,
        "team_id": person.team_id,
        "name": person.handle,
        "deleted": False,
        "color": "4bbe2e",
        "real_name": person.name,
        "profile": _profile(person),
        "is_bot": False,
        "is_app_user": False,
        "updated": CREATED,
    }
    if person.team_id != viewer_team_id:
        return shown | {"is_stranger": person.is_stranger}
    return shown | {
        "tz": "Europe/Lisbon",
        "tz_label": "Western European Time",
        "tz_offset": 0,
        "is_admin": person.is_admin,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.is_guest,
        "is_ultra_restricted": False,
        "is_email_confirmed": True,
    }


def team(shown: SlackTeam) -> JsonObject:
    """A team."""
    answer: JsonObject = {
        "id": shown.id,
        "name": shown.name,
        "url": f"https://{shown.domain}.slack.com/",
        "domain": shown.domain,
        "email_domain": f"{shown.domain}.example",
        "icon": {"image_default": True},
    }
    if shown.enterprise_id:
        answer |= {"enterprise_id": shown.enterprise_id, "enterprise_name": shown.enterprise_name}
    return answer


def channel(shown: SlackChannel, *, viewer_team_id: str, is_member: bool = True) -> JsonObject:
    """A channel, with who shares it."""
    others = [team_id for team_id in shown.team_ids if team_id != viewer_team_id]
    return {
        "id": shown.id,
        "name": shown.name,
        "name_normalized": shown.name,
        "is_channel": not shown.is_private,
        "is_group": shown.is_private,
        "is_im": False,
        "is_mpim": False,
        "is_private": shown.is_private,
        "is_archived": shown.is_archived,
        "is_general": False,
        "is_member": is_member,
        "is_shared": shown.is_ext_shared,
        "is_ext_shared": shown.is_ext_shared,
        "is_org_shared": False,
        "is_pending_ext_shared": False,
        "context_team_id": viewer_team_id,
        "conversation_host_id": shown.team_ids[0],
        "shared_team_ids": list(shown.team_ids),
        "connected_team_ids": [*others],
        "internal_team_ids": [viewer_team_id],
        "created": CREATED,
        "updated": CREATED * 1000,
        "num_members": 2 * len(shown.team_ids),
        "topic": {"value": "", "creator": "", "last_set": 0},
        "purpose": {"value": "", "creator": "", "last_set": 0},
    }


def _profile(person: SlackUser) -> JsonObject:
    first, _, last = person.name.partition(" ")
    profile: JsonObject = {
        "real_name": person.name,
        "real_name_normalized": person.name,
        "display_name": person.name,
        "display_name_normalized": person.name,
        "first_name": first,
        "last_name": last,
        "title": person.title,
        "phone": "",
        "team": person.team_id,
    }
    return profile | ({"email": person.email} if person.email else {})
