"""Which of Pylon's events a connection takes, as an admin ticks them."""

from dataclasses import dataclass
from typing import get_args

from flask import request

from core.errors import FieldError, InvalidFields
from db import PylonEvent

FIELD = "pylon_events"


@dataclass(frozen=True, slots=True)
class Kind:
    """One of the events, and what taking it brings."""

    name: PylonEvent
    label: str
    meaning: str


KINDS = (
    Kind("issue.created", "New issues", "The words that open an issue become a signal."),
    Kind("message.created", "New messages", "What customers write in an issue later becomes signals."),
    Kind("issue.updated", "Changes", "State, priority, assignee and tags, where a trigger’s body tells of them."),
    Kind("issue.closed", "Closing", "That an issue was closed or resolved, where a trigger’s body tells of it."),
)


def ticked_events() -> list[str] | None:
    """The events in the form, an empty list when all are wanted, those of later versions too; None when the form does
    not ask. Raises `InvalidFields` when nothing is ticked: an empty list would mean everything.
    """
    if FIELD not in request.form:
        return None
    ticked = [name for name in request.form.getlist(FIELD) if name]
    if not ticked:
        raise InvalidFields(
            [FieldError(FIELD, "Tick at least one. To take nothing for a while, pause the connection instead.")]
        )
    return [] if set(ticked) == set(get_args(PylonEvent)) else ticked
