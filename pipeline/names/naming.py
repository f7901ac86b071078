"""Puts names where ids stand: a pure function over what was said and what the directory knows."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.adapter import AccountKey
from core.affiliations import affiliation_of
from core.signal import Account, Author, Lookup
from core.taming import JsonObject, Tame
from pipeline.names.directory import Entry

_SIGILS = {"user": "@", "channel": "#"}
PROVISIONAL = "provisional"
"""Where a signal's metadata holds the reason for which it is taken back should its author turn out to be ours."""


@dataclass(frozen=True, slots=True)
class Told:
    """As much of a signal as names can change."""

    verbatim: str
    author: Author
    account: Account
    metadata: JsonObject


def named(told: Told, names: Mapping[Lookup, Entry], accounts: Mapping[Lookup, Account], home: AccountKey) -> Told:
    """The same with every name that is known; what the source said of names itself stands. ``accounts`` are those that
    the channel or the team belongs to elsewhere (Pylon): their name is preferred, the channel's first.
    """
    person = told.author.external_id or ""
    author = _author(told.author, names.get(Lookup("user", person)) or names.get(Lookup("contact", person)), home)
    account = _account(told, author, names, home)
    metadata = told.metadata
    place = Tame(metadata).text("channel")
    if place and "channel_name" not in metadata and (name := _name(names, Lookup("channel", place))):
        metadata = metadata | {"channel_name": name}
    if author.affiliation != "unknown":
        metadata = {key: value for key, value in metadata.items() if key != PROVISIONAL}
    mapped = accounts.get(Lookup("channel", place or "")) or accounts.get(Lookup("team", account.external_id or ""))
    if mapped:
        metadata = metadata | {"account": {"platform": "pylon", "id": mapped.external_id, "name": mapped.name}}
        account = Account(account.external_id or mapped.external_id, mapped.name or account.name)
    return Told(_spelled(told.verbatim, names), author, account, metadata)


def _author(author: Author, entry: Entry | None, home: AccountKey) -> Author:
    if entry is None or not entry.is_told:
        return author
    is_open = author.affiliation == "unknown"
    return replace(
        author,
        name=author.name or entry.name,
        email=author.email or Tame(entry.facts).text("email"),
        affiliation=affiliation_of(entry.facts, home) if is_open else author.affiliation,
    )


def _account(told: Told, author: Author, names: Mapping[Lookup, Entry], home: AccountKey) -> Account:
    """The team's name; for an author who has just turned out to be a customer, the team itself."""
    account = told.account
    if told.author.affiliation == "unknown" and author.affiliation == "external" and account.external_id is None:
        entry = names.get(Lookup("user", author.external_id or ""))
        team = Tame(entry.facts).text("team_id") if entry else None
        account = replace(account, external_id=team if team != home.team_id else None)
    if account.external_id and account.name is None:
        known = (_name(names, Lookup(kind, account.external_id)) for kind in ("team", "account"))
        account = replace(account, name=next(filter(None, known), None))
    return account


def _spelled(verbatim: str, names: Mapping[Lookup, Entry]) -> str:
    for lookup, entry in names.items():
        sigil = _SIGILS.get(lookup.kind)
        if sigil and entry.name and f"{sigil}{lookup.key}" in verbatim:
            spelled = (sigil + entry.name.removeprefix(sigil)).replace("\\", r"\\")
            verbatim = re.sub(rf"{sigil}{re.escape(lookup.key)}(?![A-Z0-9])", spelled, verbatim)
    return verbatim


def _name(names: Mapping[Lookup, Entry], lookup: Lookup) -> str | None:
    entry = names.get(lookup)
    return entry.name if entry else None
