"""What is to become of one claimed event: decided purely, written later in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from core.adapter import Adapter, Findings, ReceivedEvent, Recipient
from core.logs import get_logger
from core.signal import Ignored, Lookup, Needs, Writes
from pipeline.installations.audiences import Ask

log = get_logger()


@dataclass(frozen=True, slots=True)
class Failed:
    """A recipient's side could not be decided; the event is failed and can be replayed."""

    reason: str


@dataclass(frozen=True, slots=True)
class Handled:
    """An event without words whose effect was performed."""

    reason: str


Settlement: TypeAlias = Writes | Ignored | Failed | Handled


@dataclass(frozen=True, slots=True)
class Part:
    """One recipient's side of an event; ``settlement`` is missing while look-ups are outstanding."""

    recipient: Recipient
    settlement: Settlement | None = None
    needs: tuple[Lookup, ...] = ()
    after: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """An event with a part per recipient. ``reason`` says why there is none, or why it ``has_failed``; ``asks`` that
    there may be more recipients than these.
    """

    event: ReceivedEvent
    attempts: int
    parts: tuple[Part, ...] = ()
    reason: str | None = None
    effects: bool = False
    has_failed: bool = False
    asks: Ask | None = None
    lease: str | None = field(default=None, repr=False)

    @property
    def is_waiting(self) -> bool:
        """Whether something must happen between transactions before the event can be settled."""
        return self.effects or self.asks is not None or any(part.settlement is None for part in self.parts)

    @property
    def after(self) -> float:
        """How many seconds its look-ups wait for company."""
        return max((part.after for part in self.parts), default=0.0)

    @property
    def state(self) -> str:
        """The event's final state: failed beats processed beats ignored."""
        kinds = [type(part.settlement) for part in self.parts]
        if self.has_failed or Failed in kinds:
            return "failed"
        return "processed" if Writes in kinds or Handled in kinds else "ignored"

    @property
    def final_reason(self) -> str | None:
        """The reason on the event: its own, or the first that a part gives."""
        reasons = (part.settlement.reason for part in self.parts if isinstance(part.settlement, Ignored | Failed))
        return None if self.state == "processed" else self.reason or next(reasons, None)


def decide(plan: Plan, adapter: Adapter, findings: Sequence[Findings]) -> Plan:
    """The plan with every open part decided, or its remaining look-ups named. ``findings`` goes with the parts."""
    parts = (
        part if part.settlement else decide_part(plan.event, part.recipient, adapter, found)
        for part, found in zip(plan.parts, findings, strict=True)
    )
    return replace(plan, parts=tuple(parts))


def decide_part(event: ReceivedEvent, recipient: Recipient, adapter: Adapter, findings: Findings) -> Part:
    """One recipient's side, decided or with its look-ups named. An adapter that raises is a failure of this part."""
    try:
        decision = adapter.signals(event, recipient, findings)
    except Exception:  # one event an adapter chokes on must not stop the others
        log.exception("adapter_failed", platform=event.platform, event_id=event.id)
        return Part(recipient, Failed("adapter_failed"))
    if isinstance(decision, Needs):
        missing = tuple(lookup for lookup in decision.lookups if lookup not in findings)
        return (
            Part(recipient, needs=missing, after=decision.after)
            if missing
            else Part(recipient, Failed("lookup_unanswered"))
        )
    return Part(recipient, decision)
