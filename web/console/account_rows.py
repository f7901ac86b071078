"""What the account page shows: plain values made from rows."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from core.settings import Settings
from db import UserIdentity, UserSession
from oauth.oidc import SLACK_ISSUER


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """One account that a person can sign in with."""

    id: str
    label: str
    subject: str
    connected_at: datetime


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One browser that a person is signed in with."""

    id: str
    is_this: bool
    began_at: datetime
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """One workspace of the switcher."""

    id: str
    name: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class Switching:
    """What the switcher offers."""

    choices: tuple[Choice, ...]
    may_create: bool


def identity_row(identity: UserIdentity, settings: Settings) -> IdentityRow:
    """The identity, with its issuer as people know it."""
    is_slack = identity.issuer == SLACK_ISSUER or identity.issuer.startswith(settings.slack_openid_url)
    label = "Slack" if is_slack else urlsplit(identity.issuer).netloc or identity.issuer
    return IdentityRow(identity.id, label, identity.subject, identity.created_at)


def session_row(row: UserSession, current_id: str) -> SessionRow:
    """The session, and whether it is the one that asks."""
    return SessionRow(row.id, row.id == current_id, row.created_at, row.last_seen_at)
