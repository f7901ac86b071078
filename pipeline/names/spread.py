"""What has just become known reaches what was written before: names, sides, and what hinged on them."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import ColumnElement, Select, and_, delete, or_, select
from sqlalchemy.orm import Session

from core.adapter import AccountKey
from core.affiliations import affiliation_of
from core.signal import Account, Affiliation, Author, Lookup
from core.taming import JsonObject, Tame, tidy
from db import DirectoryEntry, Event, Integration, Receipt, Signal, SignalRevision
from db.search import index_signals
from pipeline.names.directory import Entry, accounts_of, want
from pipeline.names.naming import PROVISIONAL, Told, named
from pipeline.pairs.copies import match_copies
from pipeline.replay import replay

MOST = 5_000
"""So many signals get a name that was learned late; names come within seconds, unless a platform asks us to wait."""


def spread(session: Session, integration: Integration, row: DirectoryEntry, *, since: datetime, now: datetime) -> None:
    """Names the connection's signals written since then. Colleagues' words that were kept until this was known are
    taken back; guests' messages that were not are decided again.
    """
    home = AccountKey(integration.slack_enterprise_id, integration.slack_team_id)
    names = {Lookup(row.kind, row.ref): Entry(row.name, row.facts, is_told=True, is_stale=False)}
    found = session.scalars(_nameless(integration, row, since)).all()
    for signal in found:
        _rename(session, signal, names, home, now)
    session.flush()
    index_signals(session, [signal.id for signal in found])
    if row.kind == "contact":  # whom Slack knows them as may show which messages are copies
        match_copies(session, {integration.workspace_id}, [signal.id for signal in found], ())
        return
    want(session, ((integration.id, Lookup("team", team)) for team in _teams(found)), now)
    if row.kind == "user" and affiliation_of(row.facts, home) == "external":
        replay(session, _ignored_of(session, integration, row.ref, since), now)


def name_channel(session: Session, workspace_id: str, channel: str, account: Account, now: datetime) -> None:
    """Puts the account that a Slack channel belongs to on the latest customers' words in it."""
    inside = and_(Signal.source_ref >= f"{channel}:", Signal.source_ref < f"{channel};")
    query = select(Signal).where(
        Signal.workspace_id == workspace_id,
        Signal.source == "slack",
        Signal.source_scope == "",
        inside,
        Signal.author_affiliation != "internal",
        Signal.deleted_at.is_(None),
    )
    found = session.scalars(query.order_by(Signal.source_ref.desc()).limit(MOST).with_for_update()).all()
    for signal in found:
        told: JsonObject = {"platform": "pylon", "id": account.external_id, "name": account.name}
        signal.source_metadata = signal.source_metadata | {"account": told}
        signal.account_external_id = signal.account_external_id or account.external_id
        signal.account_name, signal.updated_at = account.name or signal.account_name, now
    session.flush()
    index_signals(session, [signal.id for signal in found])


def _nameless(integration: Integration, row: DirectoryEntry, since: datetime) -> Select[Signal]:
    written = select(Signal).where(
        Signal.workspace_id == integration.workspace_id,
        Signal.updated_at >= since,
        Signal.source == integration.platform,
        Signal.deleted_at.is_(None),
    )
    return written.where(_concerned(row)).order_by(Signal.updated_at.desc()).limit(MOST).with_for_update()


def _concerned(row: DirectoryEntry) -> ColumnElement[bool]:
    if row.kind in ("team", "account"):
        return and_(Signal.account_external_id == row.ref, Signal.account_name.is_(None))
    if row.kind == "channel":
        inside = and_(Signal.source_ref >= f"{row.ref}:", Signal.source_ref < f"{row.ref};")
        return or_(inside, Signal.verbatim.contains(f"#{row.ref}", autoescape=True))
    if row.kind == "contact":
        return Signal.author_external_id == row.ref
    return or_(Signal.author_external_id == row.ref, Signal.verbatim.contains(f"@{row.ref}", autoescape=True))


def _rename(session: Session, signal: Signal, names: dict[Lookup, Entry], home: AccountKey, now: datetime) -> None:
    before = Told(
        signal.verbatim,
        Author(
            signal.author_name,
            signal.author_email,
            signal.author_external_id,
            cast("Affiliation", signal.author_affiliation),
        ),
        Account(signal.account_external_id, signal.account_name),
        signal.source_metadata,
    )
    places = [Lookup("channel", signal.source_ref.partition(":")[0]), Lookup("team", signal.account_external_id or "")]
    mapped = accounts_of(session, [(signal.workspace_id, place) for place in places])
    told = named(before, names, {lookup: account for (_, lookup), account in mapped.items()}, home)
    reason = signal.source_metadata.get(PROVISIONAL)
    if reason and told.author.affiliation == "internal":
        _take_back(session, signal, str(reason), now)
    elif told != before:
        signal.verbatim, signal.source_metadata = told.verbatim, cast("JsonObject", tidy(told.metadata))
        signal.author_name, signal.author_email = told.author.name, told.author.email
        signal.author_affiliation = told.author.affiliation
        signal.account_external_id, signal.account_name = told.account.external_id, told.account.name
        signal.updated_at = now


def _take_back(session: Session, signal: Signal, reason: str, now: datetime) -> None:
    """A colleague's words, which are not wanted: what is left is an empty, deleted signal, by which whoever was told of
    it learns that it is gone.
    """
    thread, author = _thread_of(signal), signal.author_external_id
    signal.verbatim, signal.source_metadata, signal.source_url = "", {}, None
    signal.author_name = signal.author_email = signal.author_external_id = None
    signal.author_affiliation, signal.is_trivial = "internal", False
    signal.deleted_at = signal.updated_at = now
    session.execute(delete(SignalRevision).where(SignalRevision.signal_id == signal.id))
    for receipt in session.scalars(select(Receipt).where(Receipt.signal_id == signal.id).with_for_update()):
        receipt.outcome, receipt.reason, receipt.signal_id = "ignored", reason, None
        receipt.thread, receipt.author = thread, author


def _thread_of(signal: Signal) -> str:
    channel, _, ts = signal.source_ref.partition(":")
    return f"{channel}:{Tame(signal.source_metadata).text('thread_ts') or ts}"


def _teams(signals: Sequence[Signal]) -> set[str]:
    return {each.account_external_id for each in signals if each.account_external_id and each.account_name is None}


def _ignored_of(session: Session, integration: Integration, user: str, since: datetime) -> list[str]:
    """The events of this user that were ignored as a colleague's while nobody knew better."""
    query = (
        select(Event.id, Event.payload)
        .join(Receipt, Receipt.event_id == Event.id)
        .where(Receipt.workspace_id == integration.workspace_id, Receipt.integration_id == integration.id)
        .where(Receipt.outcome == "ignored", Receipt.reason == "internal_author", Receipt.created_at >= since)
        .limit(MOST)
    )
    named_so = f'"{user}"'.encode()
    return [event_id for event_id, payload in session.execute(query) if named_so in payload]
