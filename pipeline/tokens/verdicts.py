"""What a platform says of a token, by each call that presents it: kept on the connection's row, for all to see.

A refusal stops nothing: it is shown with its moment, and the next call that the platform accepts takes it back.
"""

from dataclasses import dataclass, field

from sqlalchemy import select

from core.clock import Clock
from core.errors import SealBroken
from core.logs import get_logger
from db import Database, Integration

log = get_logger()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Implements `core.adapter.Access.told` for one opened token. ``known`` is what the row said when it was opened."""

    database: Database
    clock: Clock
    integration_id: str
    token: str = field(repr=False)
    known: str | None

    def __call__(self, problem: str | None) -> None:
        """Writes only what is new; and nothing of a token that was replaced meanwhile."""
        if problem == self.known:
            return
        with self.database.write() as session:
            query = select(Integration).where(Integration.id == self.integration_id).with_for_update()
            row = session.scalars(query).first()
            if row is None or row.refresh_problem == problem or not self._is_presented(row):
                return
            row.note_token_problem(problem, self.clock())
        if problem is None:
            log.info("token_accepted_again", integration_id=self.integration_id)
        else:
            log.warning("token_refused", integration_id=self.integration_id, reason=problem)

    def _is_presented(self, row: Integration) -> bool:
        try:
            return row.is_connected and row.access_token == self.token
        except SealBroken:
            return False
