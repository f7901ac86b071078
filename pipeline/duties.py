"""What the duties have in common: every connection has its row, and one piece of leased work is done or put off."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists, select

from core.errors import StepFailed
from core.logs import get_logger
from db import Database, Duty, Integration
from db.dialects import insert_into, is_unavailable
from pipeline.leases import Work

TOKEN_REFUSED = frozenset({"pylon_token_refused"})
AFTER_REFUSED_TOKEN = timedelta(minutes=15)
AFTER_REFUSAL = timedelta(hours=6)

log = get_logger()


def attempt(
    row: Work, go_on: Callable[[Work], None], put_off: Callable[[Work, StepFailed], None], unexpected: StepFailed
) -> None:
    """Goes on with one row; whatever goes wrong is put off, as ``unexpected`` where nobody foresaw it. Only a database
    that is away is raised: the lease then ends by itself.
    """
    try:
        go_on(row)
    except StepFailed as failure:
        put_off(row, failure)
    except Exception as error:
        if is_unavailable(error):
            raise
        log.warning("work_failed", reason=unexpected.reason, exc_info=error)
        put_off(row, unexpected)


def after_refusal(failure: StepFailed) -> timedelta:
    """When to ask again what was refused for good. Of a token that may be a moment's mistake, and costs one call."""
    return AFTER_REFUSED_TOKEN if failure.reason in TOKEN_REFUSED else AFTER_REFUSAL


def begin_missing(
    database: Database, kind: str, platform: str, *conditions: ColumnElement[bool], now: datetime
) -> None:
    """A duty of this kind, due now, for each connection of the platform that lacks it and of which the conditions hold:
    whoever connects need not know of it.
    """
    lacks = ~exists().where(Duty.integration_id == Integration.id, Duty.kind == kind)
    query = select(Integration.id).where(Integration.platform == platform, lacks, *conditions)
    with database.read() as session:
        missing = session.scalars(query).all()
    if missing:
        new = {"kind": kind, "scope": "", "cursor": {}, "due_at": now, "created_at": now, "updated_at": now}
        rows = [{"integration_id": integration_id, **new} for integration_id in missing]
        with database.write() as session:
            session.execute(insert_into(session, Duty).on_conflict_do_nothing(), rows)
