"""Names at the moment of writing: what the directory knows is put in, what it does not know is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from core.adapter import Adapter, Findings, Recipient
from core.signal import Account, Capture, Ignored, Lookup, Write, Writes
from core.taming import Tame
from pipeline.names.directory import ACCOUNT_KINDS, Asked, Entry, accounts_of, look_up, want
from pipeline.names.naming import Told, named
from pipeline.plan import Part, Plan, decide_part


def reconsider(session: Session, adapters: Mapping[str, Adapter], plans: Sequence[Plan], now: datetime) -> list[Plan]:
    """Decides again what hinges on something that is known by now."""
    asked = {key for plan in plans for part in plan.parts for key in _keys(part, _hinges(part))}
    known = {key: entry for key, entry in look_up(session, asked, now).items() if entry.is_told}
    if not known:
        return list(plans)
    return [
        replace(plan, parts=tuple(_again(plan, part, adapters[plan.event.platform], known) for part in plan.parts))
        for plan in plans
    ]


def introduce(session: Session, plans: Sequence[Plan], now: datetime) -> list[Plan]:
    """The plans with names in their captures. Whatever is not known, or not for long any more, is asked for."""
    parts = [part for plan in plans for part in plan.parts]
    asked = {key for part in parts for key in _keys(part, (*_hinges(part), *_wants(part)))}
    if not asked:
        return list(plans)
    entries = look_up(session, asked, now)
    want(
        session,
        (key for key in asked if (entry := entries.get(key)) is None or not entry.is_told or entry.is_stale),
        now,
    )
    accounts = accounts_of(session, {place for part in parts for place in _places(part)})
    return [replace(plan, parts=tuple(_introduced(part, entries, accounts) for part in plan.parts)) for plan in plans]


def _again(plan: Plan, part: Part, adapter: Adapter, known: Mapping[Asked, Entry]) -> Part:
    integration_id = part.recipient.integration_id or ""
    findings: Findings = {
        lookup: known[integration_id, lookup].facts for lookup in _hinges(part) if (integration_id, lookup) in known
    }
    return decide_part(plan.event, part.recipient, adapter, findings) if findings else part


def _introduced(part: Part, entries: Mapping[Asked, Entry], accounts: Mapping[tuple[str, Lookup], Account]) -> Part:
    if not isinstance(part.settlement, Writes) or not _wants(part):
        return part
    writes = tuple(_with_names(write, part.recipient, entries, accounts) for write in part.settlement.writes)
    return replace(part, settlement=replace(part.settlement, writes=writes))


def _with_names(
    write: Write,
    recipient: Recipient,
    entries: Mapping[Asked, Entry],
    accounts: Mapping[tuple[str, Lookup], Account],
) -> Write:
    if not isinstance(write, Capture):
        return write
    names = {look: entries[of] for look in write.wants if (of := (recipient.integration_id or "", look)) in entries}
    mapped = {lookup: account for (owner, lookup), account in accounts.items() if owner == recipient.workspace_id}
    told = named(Told(write.verbatim, write.author, write.account, write.metadata), names, mapped, recipient.account)
    return replace(write, verbatim=told.verbatim, author=told.author, account=told.account, metadata=told.metadata)


def _hinges(part: Part) -> tuple[Lookup, ...]:
    return part.settlement.hinges_on if isinstance(part.settlement, Writes | Ignored) else ()


def _wants(part: Part) -> tuple[Lookup, ...]:
    writes = part.settlement.writes if isinstance(part.settlement, Writes) else ()
    return tuple(lookup for write in writes if isinstance(write, Capture) for lookup in write.wants)


def _keys(part: Part, lookups: Sequence[Lookup]) -> set[Asked]:
    integration_id = part.recipient.integration_id
    return {(integration_id, lookup) for lookup in lookups} if integration_id else set()


def _places(part: Part) -> set[tuple[str, Lookup]]:
    """Where Pylon may know whose it is: the channel, though its name be known, and the team."""
    writes = part.settlement.writes if isinstance(part.settlement, Writes) else ()
    captures = [write for write in writes if isinstance(write, Capture) and write.wants]
    channels = {Lookup("channel", channel) for each in captures if (channel := Tame(each.metadata).text("channel"))}
    teams = {lookup for each in captures for lookup in each.wants if lookup.kind in ACCOUNT_KINDS}
    return {(part.recipient.workspace_id, lookup) for lookup in channels | teams}
