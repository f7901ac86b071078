"""Signals as `likeness` compares them: their plain words, their moment, and every name of their author."""

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.taming import Tame
from db import DirectoryEntry, Integration, Signal
from pipeline.pairs.likeness import Said, plain


def said_of(session: Session, signals: Sequence[Signal]) -> list[Said]:
    """Each signal with words. A Pylon contact is also known by the Slack users that Pylon says it is."""
    with_words = [signal for signal in signals if signal.verbatim]
    names = names_of(session, with_words)
    return [
        Said(
            id=signal.id,
            plain=plain(signal.verbatim),
            said_at=signal.occurred_at,
            people=names[signal.id],
            name=plain(signal.author_name) if signal.author_name else None,
            is_small_talk=is_small_talk(signal),
            is_elsewhere=signal.source_metadata.get("source", "slack") != "slack",
        )
        for signal in with_words
    ]


def names_of(session: Session, signals: Sequence[Signal]) -> dict[str, frozenset[str]]:
    """Every id and address that each signal's author is known by. A Pylon contact is also the Slack users, and has the
    address, that Pylon says of it.
    """
    contacts = _contacts(session, [signal for signal in signals if signal.source == "pylon"])
    nobody: frozenset[str] = frozenset()
    return {
        signal.id: frozenset(_own_names(signal))
        | (contacts.get(signal.author_external_id or "", nobody) if signal.source == "pylon" else nobody)
        for signal in signals
    }


def is_small_talk(signal: Signal) -> bool:
    """Whether it says nothing of its own, and never said more."""
    return signal.is_trivial and signal.edited_at is None


def _own_names(signal: Signal) -> set[str]:
    names = set()
    if signal.author_external_id:
        names.add(f"{signal.source}:{signal.author_external_id}")
    if signal.author_email:
        names.add(f"mail:{signal.author_email.lower()}")
    return names


def _contacts(session: Session, signals: Sequence[Signal]) -> dict[str, frozenset[str]]:
    contacts = {signal.author_external_id for signal in signals if signal.author_external_id}
    if not contacts:
        return {}
    query = (
        select(DirectoryEntry.ref, DirectoryEntry.facts)
        .join(Integration, Integration.id == DirectoryEntry.integration_id)
        .where(Integration.workspace_id.in_({signal.workspace_id for signal in signals}))
        .where(DirectoryEntry.kind == "contact", DirectoryEntry.ref.in_(contacts))
    )
    return {contact: frozenset(_names(Tame(facts))) for contact, facts in session.execute(query)}


def _names(contact: Tame) -> Iterator[str]:
    yield from (f"slack:{user}" for user in contact.texts("slack_user_ids"))
    if address := contact.text("email"):
        yield f"mail:{address.lower()}"
