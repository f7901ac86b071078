"""Which writes are not wanted after all, by what is stored already."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from core.signal import Capture, Said, Write
from pipeline.accounts import internal_channels
from pipeline.conversations import captured_conversations, internal_threads
from pipeline.places import Placed, Written, stored


def find_unwelcome(session: Session, writes: Sequence[Placed]) -> dict[int, Written]:
    """The writes that come to nothing, by ``id()``, and why."""
    internal = _internal(session, writes) | _in_internal_channels(session, writes)
    return internal | _absent(session, [placed for placed in writes if id(placed) not in internal])


def _internal(session: Session, writes: Sequence[Placed]) -> dict[int, Written]:
    """What was said in a thread that a Pylon issue keeps among our own people: nobody's words to us."""
    threads = {
        id(placed): (placed.place.workspace_id, key.kind, key.ref)
        for placed in writes
        if placed.place.source == "slack" and isinstance(placed.write, Capture)
        for key in placed.write.conversation
    }
    found = internal_threads(session, threads.values())
    return {of: Written("ignored", None, "internal_thread") for of, key in threads.items() if key in found}


def _in_internal_channels(session: Session, writes: Sequence[Placed]) -> dict[int, Written]:
    """What was said in a channel in which, by what Pylon knows of its accounts, our own people or a copy speak."""
    channels = {
        id(placed): (placed.place.workspace_id, placed.place.ref.partition(":")[0])
        for placed in writes
        if placed.place.source == "slack" and isinstance(placed.write, Capture)
    }
    found = internal_channels(session, set(channels.values()))
    return {of: Written("ignored", None, "internal_channel") for of, channel in channels.items() if channel in found}


def _absent(session: Session, writes: Sequence[Placed]) -> dict[int, Written]:
    """What only changes a signal, or joins a conversation, that is not there."""
    joining = _joining(session, writes)
    made = {placed.place for placed in writes if _condition(placed.write) is None or id(placed) in joining}
    asked = [placed.place for placed in writes if placed.place not in made]
    present = made | stored(session, asked).keys()
    return {id(placed): _not_kept(placed.write) for placed in writes if placed.place not in present}


def _condition(write: Write) -> str | None:
    """The reason for which a write is not wanted by itself."""
    return write.only_changes or (write.only_joins if isinstance(write, Capture) else None)


def _not_kept(write: Write) -> Written:
    author = write.author.external_id if isinstance(write, Capture) else None
    said = Said(write.conversation[0], author) if write.conversation else None
    waits = isinstance(write, Capture) and write.only_joins is not None
    return Written("ignored", None, _condition(write), said, waits)


def _joining(session: Session, writes: Sequence[Placed]) -> set[int]:
    """The writes, by ``id()``, that join a conversation of whose source something was captured."""
    threads = {
        id(placed): (placed.place.workspace_id, key.kind, key.ref)
        for placed in writes
        if isinstance(placed.write, Capture) and placed.write.only_joins
        for key in placed.write.conversation
    }
    found = captured_conversations(session, threads.values())
    return {of for of, key in threads.items() if key in found}
