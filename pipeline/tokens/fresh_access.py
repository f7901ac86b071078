"""A token that is good for now: renewed before it is used when it is about to end."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from core.adapter import Access
from core.clock import Clock
from core.errors import StepFailed
from db import Database
from pipeline.refresh import Refresher
from pipeline.tokens.access import StoredAccess
from pipeline.tokens.renewal import is_leased, is_over, is_short, is_wanted
from pipeline.tokens.verdicts import Verdict

LOOKS = 60
LOOK_EVERY_SECONDS = 0.2
"""Whoever waits for somebody else's call to the platform waits 12 seconds at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshAccess:
    """Implements `core.adapter.AccessSource` with a token that is good for some minutes at least.

    Of all who need one at the same moment, in whatever process, one asks the platform and the others look at the row
    until it is there. ``wait`` sleeps for so many seconds.
    """

    database: Database
    refresher: Refresher
    clock: Clock
    wait: Callable[[float], None] = time.sleep

    def access(self, integration_id: str) -> Access:
        """See `core.adapter.AccessSource.access`. A token that ended and cannot be renewed now is a transient failure:
        ``token_not_refreshed``, or ``needs_reconnect`` when only a person can help.
        """
        stored = StoredAccess(self.database)
        for _ in range(LOOKS):
            row, access = stored.look(integration_id)
            now = self.clock()
            if not is_short(row, now):
                verdict = Verdict(self.database, self.clock, row.id, access.token, row.refresh_problem)
                return replace(access, told=verdict)
            if row.state == "active" and is_leased(row, now):
                self.wait(LOOK_EVERY_SECONDS)
            elif row.state != "active" or not is_wanted(row, now):
                break
            else:
                self.refresher.refresh(integration_id, is_wanted)
        if is_over(row, now):
            raise StepFailed("token_not_refreshed" if row.state == "active" else "needs_reconnect", permanent=False)
        return access
