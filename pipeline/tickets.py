"""The step that opens tickets people asked for: asked of the platform once, linked to its conversation, and told.

A duty's cursor says how far it is: the wish; with ``sent_at``, that the platform may have been asked; with
``ticket_id``, that the ticket exists; with ``problem``, that it does not. The words leave the row when it is decided.
"""

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from core.adapter import AccessSource
from core.clock import Clock
from core.errors import StepFailed
from core.logs import get_logger
from core.signal import ConversationKey
from core.taming import Tame, instant
from core.tickets import NOT_SENT, NewTicket, Ticket, TicketDesk, TicketVoice, TicketWish
from db import Database, Duty, Integration
from db.dialects import insert_into, is_unavailable
from pipeline.conversations import resolve
from pipeline.engine.steps import Progress
from pipeline.leases import held, lease_due, next_due_at
from pipeline.retry import after_failure

OPEN_TICKET = "open_ticket"
BATCH = 5
LOOK_AFTER = timedelta(seconds=30)
"""The platform's search needs a while to know of what was made."""
CLOCKS_DIFFER = timedelta(minutes=2)
UNCERTAIN = "ticket_uncertain"
_OURS = Duty.kind == OPEN_TICKET
_PROBLEMS = {
    UNCERTAIN: "It is not known whether Pylon made the issue: look there before you try again.",
    "pylon_token_refused": "Pylon refuses the connection's API token. An admin can replace it in Signalbox.",
    "token_missing": "The connection to Pylon has no API token. An admin can add it in Signalbox.",
    "pylon_request_refused": "Pylon refused the issue. Is the customer's address right?",
}

log = get_logger()


def wish_ticket(session: Session, desk: Integration, voice_id: str, account_id: str | None, wish: TicketWish, *,
                now: datetime) -> None:  # fmt: skip
    """Stores the wish, once per message; ``voice_id`` is the connection through which the person is told."""
    row = {
        "integration_id": desk.id, "kind": OPEN_TICKET, "scope": scope_of(wish.channel, wish.ts), "due_at": now,
        "cursor": asdict(wish) | {"account_id": account_id, "voice": voice_id}, "attempts": 0, "created_at": now,
        "updated_at": now,
    }  # fmt: skip
    session.execute(insert_into(session, Duty).on_conflict_do_nothing(), [row])


def scope_of(channel: str, ts: str) -> str:
    """What a message's ticket is kept under."""
    return f"{channel}:{ts}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tickets:
    """The step, with the platforms' desks and voices."""

    database: Database
    desks: Mapping[str, TicketDesk]
    voices: Mapping[str, TicketVoice]
    access: AccessSource
    clock: Clock

    name = "tickets"

    def run(self) -> Progress:
        """Takes a few tickets one step further."""
        duties = lease_due(self.database, Duty, self.clock(), limit=BATCH, where=[_OURS])
        for duty in duties:
            try:
                self._go_on(duty)
            except StepFailed as failure:
                self._put_off(duty, failure)
            except Exception as error:
                if is_unavailable(error):
                    raise
                log.warning("ticket_failed", integration_id=duty.integration_id, exc_info=error)
                self._put_off(duty, StepFailed("ticket_failed", permanent=False))
        return Progress(len(duties), None if duties else next_due_at(self.database, Duty, _OURS))

    def _go_on(self, duty: Duty) -> None:
        at = Tame(duty.cursor)
        if at.text("ticket_id") or at.text("problem"):
            self._tell(duty, at)
        elif at.text("sent_at"):
            self._look(duty, at)
        else:
            self._send(duty, at)

    def _send(self, duty: Duty, at: Tame) -> None:
        """The mark is committed before the platform is asked: whoever comes after a crash looks instead of asking."""
        desk, access = self._desk(duty), self.access.access(duty.integration_id)
        if not self._write(duty, {**at.raw, "sent_at": self.clock().isoformat()}):
            return
        try:
            made = desk.create(access, _wanted(at))
        except StepFailed as failure:
            if failure.is_pause or failure.reason == NOT_SENT:
                self._put_off(duty, failure, cursor=at.raw)
            elif failure.permanent:
                self._end(duty, at, failure.reason)
            else:
                self._write(duty, {**at.raw, "sent_at": self.clock().isoformat()}, due_in=LOOK_AFTER)
            return
        self._keep(duty, at, made)

    def _look(self, duty: Duty, at: Tame) -> None:
        desk, access = self._desk(duty), self.access.access(duty.integration_id)
        since = (instant(at.text("sent_at")) or self.clock()) - CLOCKS_DIFFER
        made = desk.find(access, _wanted(at), since)
        if made is None:
            self._end(duty, at, UNCERTAIN)
        else:
            self._keep(duty, at, made)

    def _keep(self, duty: Duty, at: Tame, made: Ticket) -> None:
        """The ticket and the thread are one conversation."""
        thread = f"{at.text('channel')}:{at.text('thread_ts') or at.text('ts')}"
        names = [ConversationKey("slack_thread", thread), ConversationKey("pylon_issue", made.id)]
        with self.database.write() as session:
            row = held(session, duty)
            if row is None:
                return
            workspace_id = session.get_one(Integration, row.integration_id).workspace_id
            resolve(session, [(workspace_id, names)], self.clock())
            row.cursor = _rest(at) | {"ticket_id": made.id, "url": made.url}
            row.lease_token, row.due_at, row.attempts = None, self.clock(), 0
        log.info("ticket_opened", integration_id=duty.integration_id)

    def _end(self, duty: Duty, at: Tame, reason: str) -> None:
        self._write(duty, _rest(at) | {"problem": reason}, due_in=timedelta())
        log.warning("ticket_not_opened", integration_id=duty.integration_id, reason=reason)

    def _tell(self, duty: Duty, at: Tame) -> None:
        """What there is stays, so that nobody opens a second one; after a problem people may try again."""
        problem, voice_id = at.text("problem"), at.text("voice") or ""
        with self.database.read() as session:
            spoken = session.get(Integration, voice_id)
        voice = self.voices.get(spoken.platform if spoken else "")
        if voice is not None:
            sentence = _PROBLEMS.get(problem, "Pylon did not make the issue. Try again later.") if problem else None
            try:
                voice.tell_ticket(self.access.access(voice_id), at.text("person") or "", at.text("url"), sentence)
            except StepFailed as failure:
                if not failure.permanent:
                    raise
        with self.database.write() as session:
            row = held(session, duty)
            if row is not None and problem:
                session.delete(row)
            elif row is not None:
                row.lease_token, row.due_at, row.done_at = None, None, self.clock()

    def _desk(self, duty: Duty) -> TicketDesk:
        with self.database.read() as session:
            desk = self.desks.get(session.get_one(Integration, duty.integration_id).platform)
        if desk is None:
            raise StepFailed("ticket_desk_missing", permanent=True)
        return desk

    def _put_off(self, duty: Duty, failure: StepFailed, *, cursor: dict[str, Any] | None = None) -> None:
        at = Tame(cursor if cursor is not None else duty.cursor)
        jitter = random.random()  # noqa: S311  # it spreads load, it protects nothing
        due_at, attempts = after_failure(failure, attempts=duty.attempts, now=self.clock(), jitter=jitter)
        if due_at is None:
            is_decided = at.text("ticket_id") or at.text("problem")
            if not is_decided:
                self._end(duty, at, UNCERTAIN if at.text("sent_at") else failure.reason)
                return
        with self.database.write() as session:
            row = held(session, duty)
            if row is not None:
                row.cursor, row.attempts, row.reason = at.raw, attempts, failure.reason
                row.lease_token, row.due_at = None, due_at

    def _write(self, duty: Duty, cursor: dict[str, Any], *, due_in: timedelta | None = None) -> bool:
        """Commits how far it is, and lets go of the row when it is to be due again. False: it is not ours any more."""
        with self.database.write() as session:
            row = held(session, duty)
            if row is None:
                return False
            row.cursor = cursor
            if due_in is not None:
                row.lease_token, row.due_at = None, self.clock() + due_in
            return True


def _wanted(at: Tame) -> NewTicket:
    return NewTicket(
        title=at.text("title") or "",
        text=at.text("text") or "",
        url=at.text("url"),
        account_id=at.text("account_id"),
        requester_email=at.text("requester_email"),
        answers_customer=at.flag("answers_customer"),
    )


def _rest(at: Tame) -> dict[str, Any]:
    """What is needed to tell the person: none of the words."""
    return {name: at.raw.get(name) for name in ("channel", "ts", "person", "voice")}
