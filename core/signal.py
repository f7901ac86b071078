"""What an adapter decides of an event: signals to write, or the reason why not."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

from core.taming import JsonObject

Affiliation: TypeAlias = Literal["external", "internal", "unknown"]
Severity: TypeAlias = Literal["critical", "high", "medium", "low"]
Frequency: TypeAlias = Literal["common", "occasional", "rare"]
Way: TypeAlias = Literal["shortcut", "reaction", "mention"]
"""How a person can ask for a capture."""


@dataclass(frozen=True, slots=True)
class Author:
    """Who said it, as far as the source tells."""

    name: str | None = None
    email: str | None = None
    external_id: str | None = None
    affiliation: Affiliation = "unknown"


@dataclass(frozen=True, slots=True)
class Account:
    """For which customer: the source's id of it and its name."""

    external_id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ConversationKey:
    """One name of a conversation: kind ``slack_thread`` (``channel:root_ts``) or ``pylon_issue`` (the issue id).

    Keys that stand together in one write name the same conversation.
    """

    kind: str
    ref: str


@dataclass(frozen=True, slots=True)
class Said:
    """Where words that are not kept were said, and by whom (the source's id): they belong beside those that are."""

    conversation: ConversationKey
    author: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A person asked for a capture: who, as their platform vouches for them (`db.UserIdentity`), and in which way.

    ``tell`` is where on the platform they are to be told what came of it; None where they see it by themselves.
    """

    issuer: str
    subject: str
    way: Way
    tell: str | None = None


@dataclass(frozen=True, slots=True)
class Capture:
    """A customer's words as they stand at ``version``.

    ``scope`` and ``ref`` identify the message within its source; ``version`` is text that sorts by age
    within one source (Slack: ts; Pylon and generic: a UTC time of fixed width). Only a newer version wins.
    ``only_changes`` holds a reason when the words are not wanted by the rules of today but a signal that was captured
    before must follow its source all the same: without such a signal the event is ignored for that reason.
    ``only_joins`` holds a reason when the words are wanted only in a conversation of which something was captured,
    whichever of the two comes first.
    ``unless_internal`` is the reason for which they are dropped should their author, of whom nothing is known yet, turn
    out to be one of ours. ``trivial`` words say nothing of their own ("thanks!").
    ``wants`` names what would be good to know by name, but need not be waited for: the author (``user``), the account
    (``team``), the place (``channel``), and whoever stands in the verbatim as ``@U012`` or ``#C012``.
    ``asked``: interpretation, severity and frequency are that person's word, and reach a signal that is there already.
    """

    ref: str
    version: str
    verbatim: str
    occurred_at: datetime
    scope: str = ""
    edited_at: datetime | None = None
    author: Author = Author()
    account: Account = Account()
    url: str | None = None
    conversation: tuple[ConversationKey, ...] = ()
    interpretation: str | None = None
    severity: Severity | None = None
    frequency: Frequency | None = None
    user_segment: str | None = None
    tags: tuple[str, ...] = ()
    metadata: JsonObject = field(default_factory=dict)
    only_changes: str | None = None
    only_joins: str | None = None
    unless_internal: str | None = None
    trivial: bool = False
    wants: "tuple[Lookup, ...]" = ()
    asked: Asked | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """The words were deleted at the source. Without a signal yet, a tombstone is left, so that a late original
    does not come back to life. ``only_changes`` and ``conversation`` as in `Capture`: then no tombstone is left.

    ``redacted``: they must not be kept anywhere either, neither in earlier versions nor in a copy from another source.
    """

    ref: str
    version: str
    deleted_at: datetime
    occurred_at: datetime
    scope: str = ""
    only_changes: str | None = None
    redacted: bool = False
    conversation: tuple[ConversationKey, ...] = ()


Write: TypeAlias = Capture | Removal


@dataclass(frozen=True, slots=True)
class Topic:
    """What a conversation is about, as its issue stands at ``version`` (text that sorts by age): nobody's words.

    ``internal`` names threads in which only our own people talk about it; what is said there is no customer's word.
    ``partial``: what is missing is not known, rather than gone.
    """

    conversation: tuple[ConversationKey, ...]
    version: str
    title: str | None = None
    url: str | None = None
    state: str | None = None
    priority: str | None = None
    assignee_name: str | None = None
    assignee_email: str | None = None
    account: Account = Account()
    tags: tuple[str, ...] = ()
    internal: tuple[ConversationKey, ...] = ()
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Inventory:
    """All that a source holds of a conversation: a signal of it that is not among ``refs`` was deleted there.

    Only signals of this scope that are older than ``version`` are concerned.
    """

    conversation: ConversationKey
    refs: tuple[str, ...]
    version: str
    taken_at: datetime
    scope: str = ""


@dataclass(frozen=True, slots=True)
class Writes:
    """Signals to write, in one transaction with the event's state, and what else the event tells of conversations.

    ``reason`` says why an event that only describes conversations brings no words, or what was odd about one that does.
    ``hinges_on`` names what could change the decision, but is not waited for: what is known of it is handed in, what
    becomes known is acted on.
    """

    writes: tuple[Write, ...]
    topics: tuple[Topic, ...] = ()
    inventories: tuple[Inventory, ...] = ()
    reason: str | None = None
    hinges_on: "tuple[Lookup, ...]" = ()


@dataclass(frozen=True, slots=True)
class Ignored:
    """Authentic and understood, but no customer's words to keep; the reason answers "why not captured?".

    ``hinges_on`` as in `Writes`. ``said``: there are words all the same, which are shown in their conversation.
    """

    reason: str
    hinges_on: "tuple[Lookup, ...]" = ()
    said: Said | None = None


@dataclass(frozen=True, slots=True)
class Lookup:
    """Something the adapter must know from the platform's API before it can decide, such as
    ``Lookup("issue", "2f1c…")``. The pipeline fetches it between transactions.
    """

    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Needs:
    """The decision waits for these look-ups; `Adapter.signals` is asked again with their findings.

    They are made ``after`` so many seconds, so that one answer serves all that happens to a subject in the meantime.
    """

    lookups: tuple[Lookup, ...]
    after: float = 0.0


Decision: TypeAlias = Writes | Ignored | Needs
