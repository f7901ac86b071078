"""What people decide about a signal, read from the forms of the console."""

from collections.abc import Callable, Mapping
from typing import Any, cast, get_args

from core.errors import FieldError, InvalidFields
from core.signal import Frequency, Severity
from core.taming import clean
from db import SignalStatus
from web.actions.signals import UNSET, SignalChanges

STATUSES: tuple[str, ...] = get_args(SignalStatus)
SEVERITIES: tuple[str, ...] = get_args(Severity)
FREQUENCIES: tuple[str, ...] = get_args(Frequency)


def chosen_status(form: Mapping[str, str]) -> SignalStatus:
    """The status in ``set``, since ``status`` is what was looked for. Raises `InvalidFields`."""
    status = form.get("set", "")
    if status not in STATUSES:
        raise InvalidFields([FieldError("set", f"Choose one of: {', '.join(STATUSES)}.")])
    return cast("SignalStatus", status)


def changes_in(form: Mapping[str, str]) -> SignalChanges:
    """What a signal's form asks for; fields that it does not have stay as they are, empty ones are cleared.

    Whether the values can be accepted is decided where they are changed.
    """

    def sent(name: str, read: Callable[[str], Any]) -> Any:
        return read(clean(form[name])) if name in form else UNSET

    return SignalChanges(
        status=sent("status", str),
        severity=sent("severity", _or_nothing),
        frequency=sent("frequency", _or_nothing),
        interpretation=sent("interpretation", _or_nothing),
        user_segment=sent("user_segment", _or_nothing),
        tags=sent("tags", _tags),
    )


def _or_nothing(text: str) -> str | None:
    return text.replace("\r\n", "\n").strip() or None


def _tags(text: str) -> list[str]:
    """Between commas."""
    return [tag for part in text.split(",") if (tag := part.strip())]
