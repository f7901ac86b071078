"""The hold-off: words that two sources are going to tell of are not told on before both had the time to.

For what Signalbox says on its own initiative. Storing and showing never wait.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from db import ConversationLink, ConversationVerdict, DirectoryEntry, Integration, Signal, SignalCopy
from pipeline.pairs.near import of_channel

HOLD_OFF = timedelta(minutes=2)
"""Slack and Pylon tell of a message within seconds, and Pylon is asked for it two seconds later; a failed first attempt
is made up for within a minute.
"""

_IN_SLACK = ("slack", "chat_widget")


def may_be_told_at(session: Session, workspace_id: str, signals: Sequence[Signal]) -> dict[str, datetime]:
    """When each of these signals of the workspace may be told to anybody, by its id: from the moment it came, or a
    hold-off later where its copy is still to come. What is paired, or kept apart by a person, need not wait.
    """
    waiting = _expected_twice(session, workspace_id, signals)
    if waiting:
        waiting -= _paired(session, waiting) | _kept_apart(session, waiting)
    return {each.id: each.created_at + HOLD_OFF if each.id in waiting else each.created_at for each in signals}


def _expected_twice(session: Session, workspace_id: str, signals: Sequence[Signal]) -> set[str]:
    """The ids of those from places that Slack and Pylon are both known to tell of."""
    connections = _connections(session, workspace_id)
    if {"slack", "pylon"} - {row.platform for row in connections}:
        return set()
    channels = _channels(session, signals)
    shared = _told_by_both(session, workspace_id, connections, set().union(*channels.values()))
    return {each.id for each in signals if channels[each.id] & shared or _comes_from_unknown_thread(each, channels)}


def _connections(session: Session, workspace_id: str) -> list[Integration]:
    rows = session.scalars(
        select(Integration).where(
            Integration.workspace_id == workspace_id, Integration.platform.in_(("slack", "pylon"))
        )
    )
    return [row for row in rows if row.takes_events]


def _channels(session: Session, signals: Sequence[Signal]) -> dict[str, set[str]]:
    """The Slack channels that each signal's words stand in, as far as is known."""
    of_issues = {each.conversation_id for each in signals if each.source == "pylon" and each.conversation_id}
    query = select(ConversationLink.conversation_id, ConversationLink.ref).where(
        ConversationLink.conversation_id.in_(of_issues), ConversationLink.kind == "slack_thread"
    )
    threads = [(conversation_id, _channel(ref)) for conversation_id, ref in session.execute(query)]
    return {
        each.id: {_channel(each.source_ref)}
        if each.source == "slack"
        else {channel for conversation_id, channel in threads if conversation_id == each.conversation_id}
        for each in signals
    }


def _channel(ref: str) -> str:
    return ref.partition(":")[0]


def _comes_from_unknown_thread(signal: Signal, channels: dict[str, set[str]]) -> bool:
    """An issue from Slack of which Pylon has not yet said where it began, or from the chat widget, which Pylon may post
    into the customer's channel as well.
    """
    return signal.source == "pylon" and signal.source_metadata.get("source") in _IN_SLACK and not channels[signal.id]


def _told_by_both(
    session: Session, workspace_id: str, connections: Sequence[Integration], channels: Collection[str]
) -> set[str]:
    """Those of these channels that Pylon watches and that we hear in Slack."""
    entries = select(DirectoryEntry).where(
        DirectoryEntry.integration_id.in_([row.id for row in connections]), DirectoryEntry.ref.in_(channels)
    )
    known = session.scalars(entries.where(DirectoryEntry.kind.in_(("channel_account", "channel")))).all()
    watched = {entry.ref for entry in known if entry.kind == "channel_account"}
    heard = {entry.ref for entry in known if entry.kind == "channel" and entry.facts.get("is_member")}
    heard |= {channel["id"] for row in connections for channel in row.config.get("slack_channels", ())}
    return {
        channel
        for channel in channels
        if (channel in watched or _was_watched(session, workspace_id, channel))
        and (channel in heard or _was_heard(session, workspace_id, channel))
    }


def _was_watched(session: Session, workspace_id: str, channel: str) -> bool:
    """Whether Pylon told of words there before; without an API token nothing else says so."""
    query = (
        select(Signal.id)
        .join(ConversationLink, ConversationLink.conversation_id == Signal.conversation_id)
        .where(ConversationLink.workspace_id == workspace_id, ConversationLink.kind == "slack_thread")
        .where(of_channel(ConversationLink.ref, channel), Signal.source == "pylon")
    )
    return session.scalar(query.limit(1)) is not None


def _was_heard(session: Session, workspace_id: str, channel: str) -> bool:
    of_slack = (Signal.workspace_id == workspace_id, Signal.source == "slack", Signal.source_scope == "")
    query = select(Signal.id).where(*of_slack, of_channel(Signal.source_ref, channel))
    return session.scalar(query.limit(1)) is not None


def _paired(session: Session, ids: Collection[str]) -> set[str]:
    query = select(SignalCopy.signal_id, SignalCopy.original_id)
    pairs = session.execute(query.where(or_(SignalCopy.signal_id.in_(ids), SignalCopy.original_id.in_(ids))))
    return {id_ for pair in pairs for id_ in pair}


def _kept_apart(session: Session, ids: Collection[str]) -> set[str]:
    """Those of a thread or an issue of which a person said that it is not the other's."""
    link, verdict = ConversationLink, ConversationVerdict
    names_it = or_(
        and_(verdict.kind == link.kind, verdict.ref == link.ref),
        and_(verdict.other_kind == link.kind, verdict.other_ref == link.ref),
    )
    query = (
        select(Signal.id)
        .join(link, link.conversation_id == Signal.conversation_id)
        .join(verdict, and_(verdict.workspace_id == link.workspace_id, verdict.verdict == "different", names_it))
        .where(Signal.id.in_(ids))
    )
    return set(session.scalars(query))
