"""One text, two sources: finds the Pylon copies of Slack messages, so that each customer's word is counted once.

Within a conversation that both sources name exactly, copies are matched message by message. Between conversations the
match is a guess: it is kept as a suggestion with its score, until a person says that it is the same, or not.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session, aliased

from core.clock import utc_now
from db import ConversationVerdict, Signal, SignalCopy
from db.dialects import insert_into
from pipeline.pairs.issues import Issue, issues_among, threads_of, with_pylon
from pipeline.pairs.likeness import SAME_MOMENT, Likeness, likenesses
from pipeline.pairs.near import conversations_near, latest_in, messages_around
from pipeline.pairs.said import is_small_talk, said_of


def match_copies(
    session: Session, workspace_ids: Collection[str], signal_ids: Collection[str], described: Collection[str]
) -> None:
    """Brings the copies of every conversation that these signals and descriptions concern up to date."""
    if not with_pylon(session, workspace_ids):
        return
    signals = session.scalars(select(Signal).where(Signal.id.in_(signal_ids))).all()
    touched = {*described, *(signal.conversation_id for signal in signals if signal.conversation_id)}
    near = conversations_near(session, signals) | _guessed_to_be(session, touched)
    for issue in issues_among(session, touched | near):
        match_issue(session, issue)


def match_channel(session: Session, workspace_id: str, channel: str) -> None:
    """Compares the newest messages of a Slack channel of which it has just become known whose it is."""
    match_copies(session, {workspace_id}, latest_in(session, workspace_id, channel), ())


def _guessed_to_be(session: Session, conversation_ids: Collection[str]) -> set[str]:
    """The conversations of copies whose originals are in these: what has become another issue's is no longer theirs."""
    copy, original = aliased(Signal), aliased(Signal)
    query = (
        select(copy.conversation_id)
        .join(SignalCopy, SignalCopy.signal_id == copy.id)
        .join(original, original.id == SignalCopy.original_id)
        .where(original.conversation_id.in_(conversation_ids), copy.conversation_id != original.conversation_id)
    )
    return set(filter(None, session.scalars(query.distinct())))


def match_issue(session: Session, issue: Issue) -> None:
    """Finds the copies of one conversation anew; what the order of arrival was does not matter."""
    here = session.scalars(select(Signal).where(Signal.conversation_id == issue.conversation_id)).all()
    copies = [signal for signal in here if signal.source == "pylon"]
    if not copies:
        return
    kept = _kept(session, copies)
    originals = [signal for signal in here if signal.source == "slack"]
    rooted = _rooted(issue, _but(copies, kept), _but(originals, kept))
    pinned = kept | {id_ for pair in rooted for id_ in (pair.copy, pair.original)}
    exact = rooted + likenesses(said_of(session, _but(copies, pinned)), said_of(session, _but(originals, pinned)))
    loose = _but(copies, kept | {likeness.copy for likeness in exact})
    around = _but(messages_around(session, issue, loose), kept)
    threads = threads_of(session, {signal.conversation_id for signal in around if signal.conversation_id})
    thread_of = {signal.id: threads.get(signal.conversation_id or "") for signal in around}
    refused = _refusals(session, issue, thread_of)
    guessed = likenesses(said_of(session, loose), said_of(session, around), refused=refused)
    _store_copies(session, issue, _but(copies, kept), [*exact, *guessed])
    _store_suggestions(session, issue, guessed, thread_of)


def _but(signals: Sequence[Signal], ids: Collection[str]) -> list[Signal]:
    return [signal for signal in signals if signal.id not in ids]


def _rooted(issue: Issue, copies: Sequence[Signal], originals: Sequence[Signal]) -> list[Likeness]:
    """An issue's opening words and the Slack message that they came from are the same, whatever they say now; unless
    Pylon put more into the opening than the "hi" of that message, which nobody would see then.
    """
    openings = [signal for signal in copies if signal.source_ref in issue.refs]
    roots = [signal for signal in originals if signal.source_ref in issue.threads]
    return [
        Likeness(opening.id, root.id, 1.0, ("same_thread",))
        for opening in openings
        for root in roots
        if len(openings) == 1 and abs(opening.occurred_at - root.occurred_at) <= SAME_MOMENT
        if is_small_talk(opening) or not is_small_talk(root)
    ][:1]


def _kept(session: Session, copies: Sequence[Signal]) -> set[str]:
    """Both sides of the pairs of which one has lost its words: they could not be found again, and stay."""
    copy, original = aliased(Signal), aliased(Signal)
    query = (
        select(SignalCopy.signal_id, SignalCopy.original_id)
        .join(copy, copy.id == SignalCopy.signal_id)
        .join(original, original.id == SignalCopy.original_id)
        .where(SignalCopy.signal_id.in_([signal.id for signal in copies]))
        .where(or_(copy.verbatim == "", original.verbatim == ""))
    )
    return {id_ for pair in session.execute(query) for id_ in pair}


def _refusals(session: Session, issue: Issue, thread_of: Mapping[str, str | None]) -> Callable[[str, str], bool]:
    """Whether a person said that the thread of an original is not this issue's."""
    query = select(ConversationVerdict.other_ref).where(
        ConversationVerdict.workspace_id == issue.workspace_id,
        ConversationVerdict.kind == "pylon_issue",
        ConversationVerdict.ref.in_(issue.refs),
        ConversationVerdict.verdict == "different",
    )
    different = set(session.scalars(query))
    return lambda _, original: thread_of.get(original) in different


def _store_copies(session: Session, issue: Issue, copies: Sequence[Signal], found: Sequence[Likeness]) -> None:
    wanted = {likeness.copy: likeness.original for likeness in found}
    ids = [signal.id for signal in copies]
    query = select(SignalCopy.signal_id, SignalCopy.original_id).where(SignalCopy.signal_id.in_(ids))
    present = dict(session.execute(query).all())
    stale = [copy for copy, original in present.items() if wanted.get(copy) != original]
    if stale:
        session.execute(delete(SignalCopy).where(SignalCopy.signal_id.in_(stale)))
    rows = [
        {"signal_id": copy, "original_id": original, "workspace_id": issue.workspace_id}
        for copy, original in wanted.items()
        if present.get(copy) != original
    ]
    if rows:
        session.execute(insert_into(session, SignalCopy).on_conflict_do_nothing(), rows)


def _store_suggestions(
    session: Session, issue: Issue, guessed: Sequence[Likeness], thread_of: Mapping[str, str | None]
) -> None:
    """The best guess for each thread. What a person decided stays; guesses that no longer hold go."""
    best: dict[str, Likeness] = {}
    for likeness in guessed:
        if (thread := thread_of.get(likeness.original)) is not None:
            best[thread] = max(likeness, best.get(thread, likeness), key=lambda each: each.score)
    verdict = ConversationVerdict
    session.execute(
        delete(verdict).where(
            verdict.workspace_id == issue.workspace_id,
            verdict.kind == "pylon_issue",
            verdict.ref.in_(issue.refs),
            verdict.verdict == "suggested",
            verdict.other_ref.not_in(best),
        )
    )
    rows = [
        {"workspace_id": issue.workspace_id, "kind": "pylon_issue", "ref": issue.refs[0],
         "other_kind": "slack_thread", "other_ref": thread, "verdict": "suggested", "score": likeness.score,
         "reasons": list(likeness.reasons), "created_at": utc_now()}
        for thread, likeness in best.items()
    ]  # fmt: skip
    if rows:
        session.execute(insert_into(session, verdict).on_conflict_do_nothing(), rows)
