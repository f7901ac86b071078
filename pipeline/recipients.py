"""Which workspaces an event concerns: matched by the credential it came through, never by an unverified claim."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import cast

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from core.adapter import AccountKey, Envelope, Recipient
from core.taming import JsonObject
from db import Event, Integration, SlackApp, User, WebhookKey, WorkspaceMember
from db.sealed import holds
from pipeline.installations.audiences import Ask, Audience, known


@dataclass(frozen=True, slots=True)
class Match:
    """The recipients of an event; without any, the reason why. ``asks``: there may be more of them, and who can be
    asked for.
    """

    recipients: tuple[Recipient, ...] = ()
    reason: str | None = None
    asks: Ask | None = None


@dataclass(frozen=True, slots=True)
class SlackCredential:
    """What matching needs of a Slack app: its id at Slack, and whether it may ask who sees an event."""

    api_app_id: str | None
    can_ask: bool


def match(
    session: Session,
    arrivals: Iterable[tuple[Event, Envelope]],
    now: datetime,
    *,
    told: Mapping[str, tuple[AccountKey, ...]] = MappingProxyType({}),
) -> dict[str, Match]:
    """The match of every event of a batch, by event id, in at most six queries. ``told``, by event id, is who may
    see it as Slack just said.
    """
    arrivals = list(arrivals)
    apps = _slack_apps(session, arrivals)
    audiences = _audiences(session, arrivals, apps, now)
    audiences |= {event_id: Audience(accounts) for event_id, accounts in told.items()}
    arrivals = [(event, _widened(envelope, audiences.get(event.id))) for event, envelope in arrivals]
    by_account = _slack_integrations(session, arrivals)
    by_id = _integrations(session, {event.integration_id for event, _ in arrivals if event.integration_id})
    colleagues = _colleagues(session, by_id.values())
    keys = _webhook_keys(session, {event.webhook_key_id for event, _ in arrivals if event.webhook_key_id})
    matches = {}
    for event, envelope in arrivals:
        if event.slack_app_id:
            matched = _match_slack(event.slack_app_id, envelope, apps, by_account)
            asks = (
                None
                if matched.reason == "app_mismatch"
                else _ask(event.slack_app_id, envelope, audiences.get(event.id))
            )
            matches[event.id] = replace(matched, asks=asks)
        elif event.integration_id:
            matches[event.id] = _match_integration(by_id.get(event.integration_id), colleagues)
        elif event.platform == "slack":
            matches[event.id] = Match(reason="slack_app_deleted")
        else:
            matches[event.id] = _match_key(keys.get(event.webhook_key_id or ""))
    return matches


def _match_slack(
    app_id: str,
    envelope: Envelope,
    apps: Mapping[str, SlackCredential],
    integrations: Mapping[tuple[str, AccountKey], Integration],
) -> Match:
    """Every entitled installation of that app; the body must speak of the app whose secret verified it."""
    app = apps.get(app_id)
    if app is not None and app.api_app_id is not None and envelope.app_id != app.api_app_id:
        return Match(reason="app_mismatch")
    found = {}
    for account in envelope.accounts:
        key = AccountKey(team_id=account.team_id) if account.team_id else account
        if (integration := integrations.get((app_id, key))) is not None:
            found[integration.id] = integration
    recipients = tuple(recipient_of(integration, scope="") for integration in found.values())
    return Match(recipients, None if recipients else "workspace_not_connected")


def _match_integration(integration: Integration | None, colleagues: Mapping[str, frozenset[str]]) -> Match:
    if integration is None or not integration.is_connected:
        return Match(reason="integration_disconnected")
    recipient = recipient_of(integration, scope=scope_of(integration))
    return Match((replace(recipient, colleagues=colleagues.get(integration.workspace_id, frozenset())),))


def _match_key(key: WebhookKey | None) -> Match:
    if key is None:
        return Match(reason="webhook_key_deleted")
    return Match((Recipient(workspace_id=key.workspace_id, scope=key.id),))


def scope_of(integration: Integration) -> str:
    """The source scope of the connection's signals: Slack's messages have one name, whoever hears them."""
    return "" if integration.slack_app_id else integration.pylon_account_id or integration.id


def recipient_of(integration: Integration, *, scope: str) -> Recipient:
    """The connection as its events' recipient."""
    return Recipient(
        workspace_id=integration.workspace_id,
        scope=scope,
        integration_id=integration.id,
        account=AccountKey(integration.slack_enterprise_id, integration.slack_team_id),
        bot_user_id=integration.slack_bot_user_id,
        bot_id=integration.slack_bot_id,
        has_token=holds(integration, "access_token"),
        is_active=integration.is_active,
        config=cast("JsonObject", integration.config),
    )


def _slack_apps(session: Session, arrivals: list[tuple[Event, Envelope]]) -> dict[str, SlackCredential]:
    ids = {event.slack_app_id for event, _ in arrivals if event.slack_app_id}
    if not ids:
        return {}
    has_token: ColumnElement[bool] = SlackApp.__table__.c.app_token.is_not(None)
    query = select(SlackApp.id, SlackApp.api_app_id, has_token).where(SlackApp.id.in_(ids))
    return {id_: SlackCredential(api_app_id, can_ask) for id_, api_app_id, can_ask in session.execute(query)}


def _audiences(
    session: Session, arrivals: list[tuple[Event, Envelope]], apps: Mapping[str, SlackCredential], now: datetime
) -> dict[str, Audience]:
    """By event id, for the events of shared places whose app can ask. Effects act on those that are named."""
    places = {
        event.id: (event.slack_app_id, envelope.shared.place)
        for event, envelope in arrivals
        if event.slack_app_id
        and envelope.shared
        and not (envelope.effects or envelope.malformed)
        and (app := apps.get(event.slack_app_id))
        and app.can_ask
    }
    found = known(session, set(places.values()), now)
    return {event_id: found.get(place, Audience()) for event_id, place in places.items()}


def _widened(envelope: Envelope, audience: Audience | None) -> Envelope:
    others = audience.accounts if audience and audience.accounts else ()
    return replace(envelope, accounts=tuple(dict.fromkeys((*envelope.accounts, *others)))) if others else envelope


def _ask(app_id: str, envelope: Envelope, audience: Audience | None) -> Ask | None:
    if envelope.shared is None or audience is None or audience.accounts is not None:
        return None
    return Ask((app_id, envelope.shared.place), envelope.shared.context, audience.seen)


def _slack_integrations(
    session: Session, arrivals: list[tuple[Event, Envelope]]
) -> dict[tuple[str, AccountKey], Integration]:
    """Connected Slack integrations by app and account: a team's own, or an organisation's (without a team)."""
    apps = {event.slack_app_id for event, _ in arrivals if event.slack_app_id}
    accounts = {account for event, envelope in arrivals if event.slack_app_id for account in envelope.accounts}
    if not accounts:
        return {}
    teams = {account.team_id for account in accounts if account.team_id}
    enterprises = {account.enterprise_id for account in accounts if account.enterprise_id}
    query = select(Integration).where(
        Integration.slack_app_id.in_(apps),
        Integration.state != "disconnected",
        or_(
            Integration.slack_team_id.in_(teams),
            Integration.slack_team_id.is_(None) & Integration.slack_enterprise_id.in_(enterprises),
        ),
    )
    found = {}
    for row in session.scalars(query):
        key = AccountKey(team_id=row.slack_team_id) if row.slack_team_id else AccountKey(row.slack_enterprise_id)
        found[row.slack_app_id or "", key] = row
    return found


def _integrations(session: Session, ids: set[str]) -> dict[str, Integration]:
    if not ids:
        return {}
    return {row.id: row for row in session.scalars(select(Integration).where(Integration.id.in_(ids)))}


def _colleagues(session: Session, integrations: Iterable[Integration]) -> dict[str, frozenset[str]]:
    """The addresses of the members, by workspace, of connections that can ask nobody who a person is."""
    alone = {row.workspace_id for row in integrations if row.slack_app_id is None and not holds(row, "access_token")}
    if not alone:
        return {}
    query = (
        select(WorkspaceMember.workspace_id, func.lower(User.email))
        .join(User, User.id == WorkspaceMember.user_id)
        .where(WorkspaceMember.workspace_id.in_(alone), User.email.is_not(None))
    )
    found: dict[str, set[str]] = {}
    for workspace_id, address in session.execute(query):
        found.setdefault(workspace_id, set()).add(address)
    return {workspace_id: frozenset(addresses) for workspace_id, addresses in found.items()}


def _webhook_keys(session: Session, ids: set[str]) -> dict[str, WebhookKey]:
    if not ids:
        return {}
    return {row.id: row for row in session.scalars(select(WebhookKey).where(WebhookKey.id.in_(ids)))}
