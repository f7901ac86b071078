"""The step that tells people what came of their asking, once it is committed: duties of one round, then removed."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.adapter import AccessSource
from core.clock import Clock
from core.errors import StepFailed
from core.logs import get_logger
from core.taming import Tame
from core.voice import Captured, Voice
from db import Database, Duty, Integration, Signal
from pipeline.asking import ANSWER
from pipeline.duties import attempt
from pipeline.engine.steps import Progress
from pipeline.leases import held, lease_due, next_due_at, put_off

BATCH = 10
_OURS = Duty.kind == ANSWER

log = get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The step, with the platforms' voices. Whoever dies in mid-sentence is heard again: better twice than never."""

    database: Database
    voices: Mapping[str, Voice]
    access: AccessSource
    clock: Clock
    public_url: str

    name = "answers"

    def run(self) -> Progress:
        """Says a few answers that are due."""
        duties = lease_due(self.database, Duty, self.clock(), limit=BATCH, where=[_OURS])
        for duty in duties:
            attempt(duty, self._answer, self._put_off, StepFailed("not_completed", permanent=False))
        return Progress(len(duties), None if duties else next_due_at(self.database, Duty, _OURS))

    def _answer(self, duty: Duty) -> None:
        self._say(duty)
        with self.database.write() as session:
            _remove(session, duty)

    def _say(self, duty: Duty) -> None:
        asked = Tame(duty.cursor)
        with self.database.read() as session:
            signal = session.get(Signal, asked.text("signal_id") or "")
            platform = session.scalar(select(Integration.platform).where(Integration.id == duty.integration_id))
        person, voice = asked.text("tell"), self.voices.get(platform or "")
        if signal is None or person is None or voice is None:
            return
        captured = Captured(f"{self.public_url}/signals/{signal.id}", signal.author_name)
        voice.tell_captured(self.access.access(duty.integration_id), person, captured)

    def _put_off(self, duty: Duty, failure: StepFailed) -> None:
        log.info("answer_put_off", integration_id=duty.integration_id, reason=failure.reason)
        with self.database.write() as session:
            row = held(session, duty)
            if row is not None and not put_off(row, failure, self.clock()):
                session.delete(row)


def _remove(session: Session, duty: Duty) -> None:
    if row := held(session, duty):
        session.delete(row)
