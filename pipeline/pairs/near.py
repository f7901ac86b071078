"""Which Slack messages may be an issue's though no thread ties them to it, and which issues' a Slack message may be.

They were written at about the same time, in a channel of the issue or of its account, or by somebody whom both sources
know. Few are looked at, by indexes: a guess is worth bounded work.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from db import ConversationLink, DirectoryEntry, Integration, Signal, SignalCopy
from pipeline.conversations import internal_threads
from pipeline.pairs.issues import Issue, threads_of
from pipeline.pairs.likeness import SAME_TEXT_WITHIN
from pipeline.pairs.said import names_of

NEAREST = 50
"""How many issues, and how many messages around one, are looked at."""
MOST_CANDIDATES = 500
"""So many of Pylon's messages of the same minutes are compared with the channels and people of Slack's."""


def conversations_near(session: Session, signals: Iterable[Signal]) -> set[str]:
    """The conversations with words from Pylon that these Slack messages may belong to."""
    by_workspace: dict[str, list[Signal]] = defaultdict(list)
    for signal in signals:
        if signal.source == "slack":
            by_workspace[signal.workspace_id].append(signal)
    near: set[str] = set()
    for workspace_id, said in by_workspace.items():
        near |= _of_their_channels(session, workspace_id, said) | _of_their_people(session, workspace_id, said)
    return near


def messages_around(session: Session, issue: Issue, loose: Sequence[Signal]) -> list[Signal]:
    """What the issue's ``loose`` messages may be copies of: Slack messages that belong to no issue, and are nobody's
    original yet.
    """
    if not loose:
        return []
    latest = sorted(loose, key=lambda signal: (signal.occurred_at, signal.id))[-NEAREST:]
    channels, people = _ties_of(session, issue.workspace_id, latest)
    related = [*_in_channels({*issue.channels, *channels}), *_by_people(people)]
    if not related:
        return []
    link, other = aliased(ConversationLink), aliased(Signal)
    of_an_issue = exists().where(link.conversation_id == Signal.conversation_id, link.kind == "pylon_issue")
    is_taken = exists().where(
        SignalCopy.original_id == Signal.id,
        other.id == SignalCopy.signal_id,
        other.conversation_id != issue.conversation_id,
    )
    query = select(Signal).where(
        Signal.workspace_id == issue.workspace_id,
        Signal.source == "slack",
        or_(*_about_when(latest)),
        or_(*related),
        ~of_an_issue,
        ~is_taken,
    )
    found = session.scalars(query.order_by(Signal.occurred_at, Signal.id).limit(NEAREST * NEAREST)).all()
    ours = _our_own(session, issue.workspace_id, found)
    return [signal for signal in found if signal.id not in ours]


def _our_own(session: Session, workspace_id: str, messages: Sequence[Signal]) -> set[str]:
    """The ids of what stands where our own people, or copies, speak: nobody's original."""
    query = (
        select(DirectoryEntry.ref)
        .join(Integration, Integration.id == DirectoryEntry.integration_id)
        .where(Integration.workspace_id == workspace_id, DirectoryEntry.kind == "internal_channel")
        .where(DirectoryEntry.ref.in_({_channel(signal) for signal in messages}))
    )
    channels = set(session.scalars(query)) if messages else set()
    threads = threads_of(session, {signal.conversation_id for signal in messages if signal.conversation_id})
    names = {(workspace_id, "slack_thread", ref) for ref in threads.values()}
    internal = {ref for _, _, ref in internal_threads(session, names)}
    return {
        signal.id
        for signal in messages
        if _channel(signal) in channels or threads.get(signal.conversation_id or "") in internal
    }


def latest_in(session: Session, workspace_id: str, channel: str) -> list[str]:
    """The ids of the newest messages of a Slack channel."""
    query = select(Signal.id).where(
        Signal.workspace_id == workspace_id,
        Signal.source == "slack",
        Signal.source_scope == "",
        of_channel(Signal.source_ref, channel),
    )
    return list(session.scalars(query.order_by(Signal.source_ref.desc()).limit(NEAREST)))


def of_channel(ref: SQLColumnExpression[str], channel: str) -> ColumnElement[bool]:
    """Whether a ``channel:ts`` is of this channel. ``;`` follows ``:``, so that this is one range of the index."""
    return and_(ref >= f"{channel}:", ref < f"{channel};")


def _of_their_channels(session: Session, workspace_id: str, said: Sequence[Signal]) -> set[str]:
    """Those in whose channels they were written."""
    by_channel: dict[str, list[Signal]] = defaultdict(list)
    for signal in said:
        by_channel[_channel(signal)].append(signal)
    near: set[str] = set()
    for channel, messages in by_channel.items():
        threads = select(ConversationLink.conversation_id).where(
            ConversationLink.workspace_id == workspace_id,
            ConversationLink.kind == "slack_thread",
            of_channel(ConversationLink.ref, channel),
        )
        query = select(Signal.conversation_id).where(
            Signal.workspace_id == workspace_id,
            Signal.source == "pylon",
            or_(*_about_when(messages)),
            Signal.conversation_id.in_(threads),
        )
        near.update(filter(None, session.scalars(query.distinct().limit(NEAREST))))
    return near


def _of_their_people(session: Session, workspace_id: str, said: Sequence[Signal]) -> set[str]:
    """Those whose account has their channel, or whose people wrote them."""
    query = select(Signal).where(
        Signal.workspace_id == workspace_id,
        Signal.source == "pylon",
        or_(*_about_when(said)),
        Signal.conversation_id.is_not(None),
    )
    candidates = session.scalars(query.order_by(Signal.occurred_at.desc(), Signal.id).limit(MOST_CANDIDATES)).all()
    here = {_channel(signal) for signal in said}
    by_names = names_of(session, [*said, *candidates])
    them = set().union(*(by_names[signal.id] for signal in said))
    channels = _channels_of(session, workspace_id, candidates)
    return {
        each.conversation_id
        for each in candidates
        if each.conversation_id and (channels[each.id] & here or by_names[each.id] & them)
    }


def _ties_of(session: Session, workspace_id: str, loose: Sequence[Signal]) -> tuple[set[str], set[str]]:
    """The Slack channels of these messages' accounts, and every name of their authors."""
    channels = _channels_of(session, workspace_id, loose)
    return set().union(*channels.values()), set().union(*names_of(session, loose).values())


def _channels_of(session: Session, workspace_id: str, copies: Collection[Signal]) -> dict[str, set[str]]:
    """The Slack channels that each of Pylon's messages may come from: its account's, and the one that Pylon named
    without the message in it.
    """
    accounts = {signal.account_external_id for signal in copies if signal.account_external_id}
    query = (
        select(DirectoryEntry.ref, DirectoryEntry.facts)
        .join(Integration, Integration.id == DirectoryEntry.integration_id)
        .where(Integration.workspace_id == workspace_id, Integration.platform == "pylon")
        .where(DirectoryEntry.kind == "account", DirectoryEntry.ref.in_(accounts))
    )
    known = {ref: facts.get("channels", ())[:NEAREST] for ref, facts in session.execute(query)} if accounts else {}
    channels = {signal.id: set(known.get(signal.account_external_id or "", ())) for signal in copies}
    for signal in copies:
        if channel := signal.source_metadata.get("slack_channel"):
            channels[signal.id].add(channel)
    return channels


def _in_channels(channels: Collection[str]) -> Iterator[ColumnElement[bool]]:
    return (of_channel(Signal.source_ref, channel) for channel in sorted(channels))


def _by_people(people: Collection[str]) -> Iterator[ColumnElement[bool]]:
    users = sorted(name.removeprefix("slack:") for name in people if name.startswith("slack:"))
    addresses = sorted(name.removeprefix("mail:") for name in people if name.startswith("mail:"))
    if users:
        yield Signal.author_external_id.in_(users)
    if addresses:
        yield func.lower(Signal.author_email).in_(addresses)


def _about_when(signals: Iterable[Signal]) -> Iterator[ColumnElement[bool]]:
    return (Signal.occurred_at.between(*stretch) for stretch in stretches(signal.occurred_at for signal in signals))


def stretches(moments: Iterable[datetime], around: timedelta = SAME_TEXT_WITHIN) -> list[tuple[datetime, datetime]]:
    """The times that are at most so far from one of the moments, without overlaps."""
    in_order = sorted(moments)
    breaks = [place for place, (one, other) in enumerate(pairwise(in_order), 1) if other - one > 2 * around]
    bounds = [0, *breaks, len(in_order)]
    return [(in_order[begin] - around, in_order[end - 1] + around) for begin, end in pairwise(bounds) if in_order]


def _channel(signal: Signal) -> str:
    return signal.source_ref.partition(":")[0]
