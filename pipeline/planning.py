"""From claimed rows to plans: envelope, recipients, and what each adapter decides without look-ups."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.orm import Session

from core.adapter import AccountKey, Adapter, Envelope, InboundRequest, ReceivedEvent
from core.errors import SignalboxError
from core.signal import Ignored
from db import Event
from pipeline.installations.audiences import forget_reshaped
from pipeline.names.introduce import reconsider
from pipeline.plan import Failed, Part, Plan, decide
from pipeline.recipients import Match, match


def make_plans(
    session: Session,
    adapters: Mapping[str, Adapter],
    events: Sequence[Event],
    now: datetime,
    *,
    told: Mapping[str, tuple[AccountKey, ...]] = MappingProxyType({}),
) -> list[Plan]:
    """A plan per event; those that need look-ups or effects, or ask for more recipients, are waiting. ``told`` holds
    the answers to those that asked, by event id.
    """
    envelopes = [(event, _envelope(adapters, event)) for event in events]
    if not told:
        forget_reshaped(session, envelopes, now)
    matches = match(session, envelopes, now, told=told)
    plans = []
    for event, envelope in envelopes:
        plan = _plan_of(event, envelope, matches[event.id])
        is_open = plan.parts and not plan.effects and not plan.has_failed
        plans.append(decide(plan, adapters[event.platform], [{}] * len(plan.parts)) if is_open else plan)
    return reconsider(session, adapters, plans, now)


def received(event: Event) -> ReceivedEvent:
    """The row as adapters and effects see it."""
    return ReceivedEvent(event.id, event.platform, event.type, event.payload, event.received_at, event.slack_app_id)


def _envelope(adapters: Mapping[str, Adapter], event: Event) -> Envelope:
    """The stored body's envelope; what cannot be understood (any more) is malformed."""
    adapter = adapters.get(event.platform)
    if adapter is None:
        return Envelope(event.type, malformed="platform_unknown")
    try:
        return adapter.envelope(InboundRequest({}, event.payload, event.received_at))
    except SignalboxError as error:
        return Envelope(event.type, malformed=error.reason)


def _plan_of(event: Event, envelope: Envelope, matched: Match) -> Plan:
    if envelope.malformed:
        parts = tuple(Part(recipient, Failed(envelope.malformed)) for recipient in matched.recipients)
        return Plan(received(event), event.attempts, parts, envelope.malformed, has_failed=True)
    parts = tuple(
        Part(recipient, None if recipient.is_active or envelope.effects else Ignored("integration_paused"))
        for recipient in matched.recipients
    )
    performs = envelope.effects and matched.reason != "app_mismatch"
    return Plan(received(event), event.attempts, parts, matched.reason, effects=performs, asks=matched.asks)
