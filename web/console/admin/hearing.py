"""What a Slack connection does not hear, and how that is put right."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import ChannelAudience, Integration
from db.sealed import holds

CANNOT_ASK = (
    "Where several workspaces here have the app in one shared (Slack Connect) channel, Slack tells only one of them of "
    "each message. To let all of them hear it, make an app-level token with the scope authorizations:read (Basic "
    "Information, App-Level Tokens, at api.slack.com/apps) and give it to this Slack app."
)
MAY_NOT_ASK = (
    "Slack refuses this app's app-level token, so only one workspace hears what is said in a shared (Slack Connect) "
    "channel. Make a new one with the scope authorizations:read (Basic Information, App-Level Tokens, at "
    "api.slack.com/apps) and give it to this Slack app."
)


def limitation(session: Session, integration: Integration, now: datetime) -> str | None:
    """A sentence with the fix; None when the connection hears all that it may."""
    row = session.get_one(Integration, integration.id)
    if row.platform != "slack" or not row.is_connected or row.slack_app is None:
        return None
    if not holds(row.slack_app, "app_token"):
        return CANNOT_ASK
    newest = select(ChannelAudience.accounts).where(
        ChannelAudience.slack_app_id == row.slack_app_id, ChannelAudience.expires_at > now
    )
    told = session.scalar(newest.order_by(ChannelAudience.fetched_at.desc()).limit(1))
    return MAY_NOT_ASK if told == [] else None
