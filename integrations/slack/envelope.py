"""What an authentic Slack request is: its type, its identity and the installations it is addressed to."""

import hashlib
from collections.abc import Iterator

from core.adapter import AccountKey, Envelope
from core.taming import Tame, bounded
from integrations.slack.arrival import Callback, Malformed, read_callback
from integrations.slack.subject import subject

EFFECTS = frozenset({"app_uninstalled", "tokens_revoked"})
"""Events that end an installation. In Slack's complete examples ``authorizations`` is absent, and ``team_id`` names the
installation: https://api.slack.com/events/app_uninstalled, https://docs.slack.dev/reference/events/tokens_revoked"""


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
    return Envelope(
        type=callback.type,
        external_id=_id(callback.body, "event_id") or _digest(body),
        app_id=_id(callback.body, "api_app_id"),
        accounts=_accounts(callback),
        effects=callback.type in EFFECTS,
        subject=subject(callback),
    )


def _accounts(callback: Callback) -> tuple[AccountKey, ...]:
    """The installations that may see the event. The outer ``team_id`` names where it happened, not who may see it,
    and speaks only for the events that come without authorizations.
    """
    named = tuple(dict.fromkeys(_named(callback.body)))
    if named or callback.type not in EFFECTS:
        return named
    outer = _account(callback.body)
    return (outer,) if outer else ()


def _named(body: Tame) -> Iterator[AccountKey]:
    for authorization in body.objects("authorizations"):
        if account := _account(authorization):
            yield account


def _account(source: Tame) -> AccountKey | None:
    team = None if source.flag("is_enterprise_install") else _id(source, "team_id")
    account = AccountKey(_id(source, "enterprise_id"), team)
    return None if account == AccountKey() else account


def _id(source: Tame, name: str) -> str | None:
    text = source.text(name)
    return bounded(text) if text else None


def _digest(body: bytes) -> str:
    return "sha256:" + hashlib.sha256(body).hexdigest()
