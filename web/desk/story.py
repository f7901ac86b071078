"""Why (not) captured? What was received about a message, what became of it, and where to look when nothing was."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from core.desk import Chapter, Story, Visitor
from db import Event, Integration, Receipt, Signal, SignalCopy, SlackApp
from web.console.reasons import outcome_in_words, reason_in_words

MOST = 10
ASKED_FOR = "view_submission"
"""The one type of event that nobody in the channel sees happen."""

_HELD_BACK_LATELY = timedelta(hours=24)


def tell(session: Session, visitor: Visitor, ref: str, *, sees_message: bool, console_url: str, now: datetime) -> Story:
    """The story of the message ``ref`` (``channel:ts``) in the visitor's workspace; its channel may have another id by
    now, which links that were copied before do not know.
    """
    integration = session.get_one(Integration, visitor.integration_id)
    ref = _present(integration, ref)
    chapters = tuple(_chapters(session, visitor, integration, ref, sees_message=sees_message))
    signal = session.scalars(
        select(Signal).where(
            Signal.workspace_id == visitor.workspace_id,
            Signal.source == integration.platform,
            Signal.source_scope == "",
            Signal.source_ref == ref,
        )
    ).one_or_none()
    hints = () if chapters or signal else tuple(_hints(integration, ref, now))
    return Story(
        chapters=chapters,
        signal=f"{console_url}signals/{signal.id}" if signal else None,
        is_deleted=signal is not None and signal.deleted_at is not None,
        copy_of=_original(session, signal, console_url) if signal else None,
        hints=hints,
    )


def _chapters(
    session: Session, visitor: Visitor, integration: Integration, ref: str, *, sees_message: bool
) -> Iterator[Chapter]:
    """Events about the message, oldest first. Whoever sees the message may also know of events that became nobody's;
    that another workspace in the channel has one, or that its people asked for the words, is theirs.
    """
    ours = and_(Receipt.event_id == Event.id, Receipt.workspace_id == visitor.workspace_id)
    query = (
        select(Event, Receipt)
        .outerjoin(Receipt, ours)
        .where(Event.subject.in_(_names(integration, ref)), Event.slack_app_id == integration.slack_app_id)
        .order_by(Event.received_at, Event.id)
        .limit(MOST)
    )
    has_receipt = Receipt.event_id.is_not(None)
    anybodys = aliased(Receipt)
    is_nobodys = ~exists().where(anybodys.event_id == Event.id) & (Event.type != ASKED_FOR)
    query = query.where(or_(has_receipt, is_nobodys) if sees_message else has_receipt)
    app = integration.slack_app
    for event, receipt in session.execute(query):
        yield _chapter(event, receipt, app, integration)


def _present(integration: Integration, ref: str) -> str:
    """The message by the id that its channel has now."""
    channel, _, ts = ref.partition(":")
    return f"{integration.config.get('slack_learned', {}).get('moved', {}).get(channel, channel)}:{ts}"


def _names(integration: Integration, ref: str) -> list[str]:
    """What events may call the message: its channel may have had other ids."""
    channel, _, ts = ref.partition(":")
    moved = integration.config.get("slack_learned", {}).get("moved", {})
    return [ref, *(f"{former}:{ts}" for former, present in moved.items() if present == channel)]


def _chapter(event: Event, receipt: Receipt | None, app: SlackApp | None, integration: Integration) -> Chapter:
    named = (app.name if app else None) or "the Slack app"
    reason = receipt.reason if receipt else event.reason
    return Chapter(
        kind=event.type,
        received_at=event.received_at,
        verified_by=f"{named} ({app.api_app_id})" if app and app.api_app_id else named,
        state=event.state,
        outcome=outcome_in_words(receipt.outcome) if receipt else None,
        reason=reason_in_words(reason),
        connection=integration.name if receipt and receipt.integration_id == integration.id else None,
        repeats=event.repeats,
    )


def _original(session: Session, signal: Signal, console_url: str) -> str | None:
    copy = session.get(SignalCopy, signal.id)
    return f"{console_url}signals/{copy.original_id}" if copy else None


def _hints(integration: Integration, ref: str, now: datetime) -> Iterator[str]:
    """What keeps a message from ever coming, the likeliest first."""
    channel = ref.partition(":")[0]
    listed = integration.config.get("slack_channels", [])
    is_narrowed = any(not each.get("auto") for each in listed)  # what a pattern added never narrows
    if integration.state == "needs_reconnect":
        yield "The connection to Slack must be renewed: an admin reconnects it in the console, under Integrations."
    if not integration.is_active:
        yield "The connection is paused; an admin resumes it in the console, under Integrations."
    yield "Is the app in this channel? Only then Slack tells it of messages: invite it with /invite."
    if is_narrowed and all(each["id"] != channel for each in listed):
        yield "Channels were picked, and this one is not among them."
    yield "Was it written before the app came into the channel? An admin can import older messages in the console."
    held_back = integration.held_back_at
    since = max(now - _HELD_BACK_LATELY, integration.installed_at or integration.created_at)
    if held_back is not None and held_back >= since:
        yield "Slack held your team’s events back in the last 24 hours, because there were too many."
    yield "Was it written just now? Slack may need a minute."
