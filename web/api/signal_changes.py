"""``signals/changes``: what people decide about many signals at once."""

from typing import Annotated

from pydantic import BaseModel, Field

from web.actions import actor
from web.actions.signals import MOST_AT_ONCE, change_signals
from web.api.blueprint import api
from web.api.fields import Body, Text
from web.api.signals import EXAMPLE, Signal, SignalUpdate
from web.auth import caller, needs
from web.services import services


class SignalChanges(Body):
    """Which signals, and what is to become of all of them."""

    signal_ids: Annotated[list[Text], Field(min_length=1, max_length=MOST_AT_ONCE)]
    changes: SignalUpdate


class ChangedSignals(BaseModel):
    """The signals as they are now, in the order asked for, each once."""

    items: list[Signal]


@api.post("/signals/changes")
@needs("write")
@api.input(SignalChanges, example={"signal_ids": [EXAMPLE["id"]], "changes": {"status": "reviewed"}})
@api.output(ChangedSignals)
@api.doc(responses={404: "One of the signals is not in this workspace; none was changed."})
def change_many_signals(json_data: SignalChanges) -> ChangedSignals:
    """Change up to 500 signals at once: all of them, or none when one is not there."""
    with services().database.write() as session:
        rows = change_signals(session, actor(caller()), json_data.signal_ids, json_data.changes.changes())
        return ChangedSignals(items=[Signal.of(row) for row in rows])
