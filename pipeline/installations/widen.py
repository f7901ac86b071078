"""Asks the platform who else may see an event: a shared channel's event names one installation, whoever is in it.

What cannot be learned now never holds up those who were named: they get theirs at once, the others when it is known.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.adapter import Access, AccountKey, Adapter, LookupClient
from core.clock import Clock
from core.errors import StepFailed
from core.logs import get_logger
from core.signal import Lookup
from core.taming import JsonObject, Tame
from db import Database, Event
from pipeline.claim import claim_one
from pipeline.installations.audiences import Ask, Place, remember
from pipeline.plan import Plan
from pipeline.planning import make_plans
from pipeline.retry import after_failure
from pipeline.settle import settle

APP_REFUSED = frozenset({"slack_token_refused", "slack_scope_missing", "seal_broken", "seal_key_unknown"})
"""Failures that the next question of this app would meet too."""

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Widen:
    """Answers the `Ask` of each plan of a batch, a channel's once. ``app_access`` opens the app-level token of a
    ``slack_apps`` row for one call.
    """

    database: Database
    adapters: Mapping[str, Adapter]
    lookups: Mapping[str, LookupClient]
    app_access: Callable[[str], Access]
    clock: Clock
    told: dict[Place, tuple[AccountKey, ...]] = field(default_factory=dict)

    def widen(self, plan: Plan, ask: Ask) -> Plan | None:
        """The plan with every recipient; or with those that were named, if nobody can tell; or None when it was put
        off, or is not ours any more.
        """
        try:
            accounts = self.told[ask.place] = self.told.get(ask.place) or self._ask(plan, ask)
        except StepFailed as failure:
            return self._without_answer(plan, ask, failure)
        with self.database.write() as session:
            now = self.clock()
            remember(session, ask.place, accounts, seen=ask.seen, now=now)
            event = claim_one(session, plan.event.id, lease=plan.lease)
            if event is None:
                return None
            (widened,) = make_plans(session, self.adapters, [event], now, told={event.id: accounts})
        return replace(widened, lease=plan.lease)

    def _ask(self, plan: Plan, ask: Ask) -> tuple[AccountKey, ...]:
        client = self.lookups.get(plan.event.platform)
        if client is None:
            raise StepFailed("audience_not_known", permanent=True)
        finding = client.fetch(Lookup("audience", ask.context), self.app_access(ask.place[0]))
        return tuple(_accounts(finding))

    def _without_answer(self, plan: Plan, ask: Ask, failure: StepFailed) -> Plan | None:
        now = self.clock()
        jitter = random.random()  # noqa: S311  # it spreads load, it protects nothing
        due_at, attempts = after_failure(failure, attempts=plan.attempts, now=now, jitter=jitter)
        log.warning("audience_not_known", event_id=plan.event.id, reason=failure.reason, attempts=attempts)
        named = replace(plan, asks=None)
        with self.database.write() as session:
            if failure.permanent and failure.reason in APP_REFUSED:
                remember(session, ask.place, (), seen=ask.seen, now=now)
            if failure.permanent or due_at is None:
                return named
            if claim_one(session, plan.event.id, lease=plan.lease) is not None:
                if not named.is_waiting:
                    settle(session, [named], now)
                _come_again(session, plan.event.id, due_at, attempts, failure.reason)
        return None


def _come_again(session: Session, event_id: str, due_at: datetime, attempts: int, reason: str) -> None:
    """What is stored for those who were named stays; the event is pending for the sake of the others."""
    values = {"state": "pending", "due_at": due_at, "attempts": attempts, "reason": reason, "processed_at": None}
    query = update(Event).where(Event.id == event_id).values(**values, lease_token=None)
    session.execute(query, execution_options={"synchronize_session": False})


def _accounts(finding: JsonObject) -> list[AccountKey]:
    found = (AccountKey(each.text("enterprise_id"), each.text("team_id")) for each in Tame(finding).objects("accounts"))
    return [account for account in found if account != AccountKey()]
