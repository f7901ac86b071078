"""What an authentic Slack request is: its type, its identity and the installations it is addressed to."""

import hashlib
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from core.adapter import AccountKey, Envelope, Reshaping, Shared
from core.taming import Tame, bounded
from integrations.slack.arrival import Callback, Malformed, read_callback
from integrations.slack.carried import unpack
from integrations.slack.changes import CHANGES
from integrations.slack.interaction import read_interaction
from integrations.slack.messages import read_channel
from integrations.slack.subject import named, subject

ENDS = frozenset({"app_uninstalled", "tokens_revoked"})
SHOWS = frozenset({"app_home_opened", "link_shared"})
"""Events after which something is shown to whoever caused them."""
EFFECTS = ENDS | CHANGES.keys() | SHOWS
"""Events that end an installation or change it, and those. ``member_joined_channel`` does when it is the app's bot that
came.
"""
OF_THE_INSTALLATION = ENDS | {
    "app_rate_limited",
    "grid_migration_finished",
    "grid_migration_started",
    "team_access_granted",
    "team_access_revoked",
    "team_rename",
}
"""In Slack's complete examples ``authorizations`` is absent, and the outer ``team_id`` names the installation:
https://api.slack.com/events/app_uninstalled, https://docs.slack.dev/reference/events/tokens_revoked"""

_OF_A_MEMBER = frozenset({"member_joined_channel", "member_left_channel"})
RESHAPING: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(_OF_A_MEMBER, ("channel",)),
        "channel_shared": ("channel",),
        "channel_unshared": ("channel",),
        "channel_left": ("channel",),
        "group_left": ("channel",),
        "channel_archive": ("channel",),
        "channel_id_changed": ("old_channel_id", "new_channel_id"),
    }
)
"""Events that change who is in a channel, and their fields that name it: https://docs.slack.dev/reference/events"""


def envelope(body: bytes) -> Envelope:
    """The envelope of an authentic body. Slack's ``event_id`` deduplicates; a body without one is its own identity.

    Malformed reasons: ``not_json_object``, ``type_missing``, ``event_missing``, ``event_type_missing``,
    ``challenge_missing``.
    """
    callback = read_callback(body)
    if isinstance(callback, Malformed):
        return Envelope("unknown", _digest(body), malformed=callback.reason)
    if callback.type == "url_verification":
        return Envelope(callback.type, reply=callback.body.text("challenge"))
    if callback.type == "view_submission":
        return _submission(callback, _digest(body))
    return Envelope(
        type=callback.type,
        external_id=_id(callback.body, "event_id") or _digest(body),
        app_id=_id(callback.body, "api_app_id"),
        accounts=_accounts(callback),
        shared=_shared(callback),
        reshaping=_reshaping(callback),
        effects=_has_effects(callback),
        subject=subject(callback),
    )


def _submission(callback: Callback, digest: str) -> Envelope:
    """A dialog that asks for a capture, sent off: once, however often Slack or a finger repeats it."""
    view = callback.body.object("view")
    interaction, carried = read_interaction(callback.body), unpack(view.text("private_metadata"))
    dialog = _id(view, "id")
    return Envelope(
        type=callback.type,
        external_id=f"view:{dialog}" if dialog else digest,
        app_id=_id(callback.body, "api_app_id"),
        accounts=(interaction.account,) if interaction else (),
        subject=named(carried.message.channel, carried.message.ts) if carried else None,
    )


def _accounts(callback: Callback) -> tuple[AccountKey, ...]:
    """The installations that may see the event. The outer ``team_id`` names where it happened, not who may see it,
    and speaks only for the events that come without authorizations.
    """
    named = tuple(dict.fromkeys(_named(callback.body)))
    if named or callback.type not in OF_THE_INSTALLATION:
        return named
    outer = read_account(callback.body)
    return (outer,) if outer else ()


def _has_effects(callback: Callback) -> bool:
    if callback.type != "member_joined_channel":
        return callback.type in EFFECTS
    bots = {authorization.text("user_id") for authorization in callback.body.objects("authorizations")}
    return callback.event.text("user") in bots - {None}


def _named(body: Tame) -> Iterator[AccountKey]:
    for authorization in body.objects("authorizations"):
        if account := read_account(authorization):
            yield account


def _shared(callback: Callback) -> Shared | None:
    """A Slack Connect channel: ``authorizations`` names one installation, whoever else is in the channel."""
    if not callback.body.flag("is_ext_shared_channel"):
        return None
    event = callback.event
    channel, context = read_channel(event) or read_channel(event.object("item")), callback.body.text("event_context")
    return Shared(channel, context) if channel and context else None


def _reshaping(callback: Callback) -> Reshaping | None:
    fields = RESHAPING.get(callback.type, ())
    places = dict.fromkeys(channel for field in fields if (channel := read_channel(callback.event, field)))
    if not places:
        return None
    return Reshaping(tuple(places), _id(callback.event, "user") if callback.type in _OF_A_MEMBER else None)


def read_account(source: Tame) -> AccountKey | None:
    """The installation that an authorization names."""
    team = None if source.flag("is_enterprise_install") else _id(source, "team_id")
    account = AccountKey(_id(source, "enterprise_id"), team)
    return None if account == AccountKey() else account


def _id(source: Tame, name: str) -> str | None:
    text = source.text(name)
    return bounded(text) if text else None


def _digest(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()
