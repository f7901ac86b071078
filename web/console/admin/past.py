"""The part of a connection's page that tells of channels and of the past."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.history import Allowance
from db import Import, Integration
from pipeline.channel_list import kind_of
from pipeline.past.completeness import complete_until
from pipeline.past.paces import paces
from pipeline.past.progress import Standing, standing
from web.actions.directory import ListedChannel, known_channels, list_state
from web.services import services

SHOWN_CHANNELS = 50
SHOWN_IMPORTS = 5


@dataclass(frozen=True, slots=True)
class Past:
    """The channels that were found, how the list and the gaps stand, and the newest imports: how each stands, and the
    paces at which it may go.
    """

    found: Sequence[ListedChannel]
    search: str
    has_more: bool
    listed_at: datetime | None
    list_problem: str | None
    complete_until: datetime | None
    imports: Sequence[tuple[Import, Standing, Sequence[Allowance]]]


def past_of(session: Session, row: Integration, search: str, now: datetime) -> Past:
    """What is known now."""
    found, more = known_channels(session, row, search=search, limit=SHOWN_CHANNELS)
    listed_at, problem = list_state(session, row.id, kind_of(row.platform))
    newest = select(Import).where(Import.integration_id == row.id).order_by(Import.id.desc()).limit(SHOWN_IMPORTS)
    historian = services().historians.get(row.platform)
    possible = historian.allowances if historian else ()
    imports = [(each, standing(each, now), paces(each, possible)) for each in session.scalars(newest)]
    return Past(found, search, more is not None, listed_at, problem, complete_until(session, row.id), imports)
