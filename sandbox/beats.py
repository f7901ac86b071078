"""What can happen in a story: one dataclass per kind of beat. People, channels and messages go by their keys."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from sandbox.pylon_objects import IssueSource
from sandbox.slack_events import SlackFile

Template: TypeAlias = Literal["thin", "flat"]
"""How the admin wrote the trigger's body: ids only, or the words flattened into it."""


@dataclass(frozen=True, slots=True)
class Say:
    """Somebody writes in a channel, or in the thread of an earlier message. ``key`` "" is never referred to."""

    key: str
    channel: str
    author: str
    text: str
    reply_to: str | None = None
    file: SlackFile | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """The author changes an earlier message."""

    of: str
    text: str


@dataclass(frozen=True, slots=True)
class Delete:
    """The author takes an earlier message back."""

    of: str


@dataclass(frozen=True, slots=True)
class BotSays:
    """Another app writes in a channel."""

    channel: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Join:
    """Somebody comes into a channel."""

    channel: str
    who: str
    inviter: str


@dataclass(frozen=True, slots=True)
class OpenIssue:
    """A customer's ticket appears in Pylon; ``from_message`` is the Slack message that started it."""

    key: str
    requester: str
    title: str
    text: str
    source: IssueSource
    tags: tuple[str, ...] = ()
    from_message: str | None = None
    template: Template = "thin"


@dataclass(frozen=True, slots=True)
class ReplyInIssue:
    """Somebody writes in a ticket; private ones are notes among colleagues."""

    issue: str
    author: str
    text: str
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class SetState:
    """A ticket moves to another state."""

    issue: str
    state: str


Beat: TypeAlias = Say | Edit | Delete | BotSays | Join | OpenIssue | ReplyInIssue | SetState
