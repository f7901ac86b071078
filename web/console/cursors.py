"""Cursors: a place in a list, as opaque text that survives being sent around."""

import re
from datetime import datetime

from core.taming import instant
from web.console.wording import iso

_CURSOR = re.compile(r"([0-9T:.Z-]{20,40})~([A-Za-z0-9_]{0,40})", re.ASCII)


def write_cursor(moment: datetime, row_id: str = "") -> str:
    """The place of the row with this time and id."""
    return f"{iso(moment)}~{row_id}"


def read_cursor(text: str | None) -> tuple[datetime, str] | None:
    """The place, or None for anything that is not a cursor."""
    parts = _CURSOR.fullmatch(text or "")
    moment = instant(parts[1]) if parts else None
    return (moment, parts[2]) if parts and moment else None
