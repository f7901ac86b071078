"""One conversation: what was said in it, what its issue is like, and which other one is probably the same."""

from dataclasses import asdict
from datetime import datetime

from flask import Response
from pydantic import BaseModel, ConfigDict
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.taming import JsonObject
from db import Conversation as ConversationRow
from db import Signal as SignalRow
from pipeline.beside import Beside, said_beside
from web.actions import actor
from web.actions.conversations import copies_in, join, part, probably_the_same
from web.api.blueprint import api
from web.api.conversations import EXAMPLE, Conversation, counts, plain
from web.api.etags import has_etag, tagged
from web.api.fields import Body, Text
from web.api.rows import owned
from web.api.signals import EXAMPLE as SIGNAL
from web.api.signals import Signal, SignalAccount, SignalAuthor
from web.auth import caller, needs
from web.services import services

MOST_SIGNALS = 200

DETAIL: JsonObject = EXAMPLE | {
    "issue": {
        "title": "Export stops", "url": "https://app.usepylon.com/issues?issueNumber=1042", "state": "waiting_on_you",
        "priority": "high", "assignee_name": None, "assignee_email": "kim@example.com",
        "account": {"external_id": "acc_1", "name": "Globex"}, "tags": ["export"],
    },
    "probably_the_same": [
        {"conversation_id": "con_01K5ZJ6Q2V5M8X0T3N7R4B9C1F", "score": 0.9, "reasons": ["same_text", "same_person"]}
    ],
    "copies": [{"signal_id": "sig_01K5ZJ6Q2V5M8X0T3N7R4B9C1G", "original_id": "sig_01K5ZJ6Q2V5M8X0T3N7R4B9C1H"}],
    "signals": [SIGNAL],
    "context": [
        {"source": "slack", "ref": "C0123ABCD:1763632860.000200", "words": "We look into it.",
         "author": {"name": "Kim", "email": None, "external_id": "U0KIM", "affiliation": "internal"},
         "occurred_at": "2026-11-20T10:01:00Z", "edited_at": None,
         "url": "https://acme.slack.com/archives/C0123ABCD/p1763632860000200", "reason": "internal_author"}
    ],
}  # fmt: skip


class Issue(BaseModel):
    """The Pylon issue that the conversation became, as Pylon last told it."""

    title: str | None
    url: str | None
    state: str | None
    priority: str | None
    assignee_name: str | None
    assignee_email: str | None
    account: SignalAccount
    tags: list[str]


class ProbablyTheSame(BaseModel):
    """Another conversation that is probably the same one: the score is from 0 to 1, the reasons are slugs such as
    `same_text`, `similar_text`, `same_person`, `same_moment`.
    """

    conversation_id: str
    score: float
    reasons: list[str]


class Copy(BaseModel):
    """A signal whose words another signal had first; it is not counted."""

    signal_id: str
    original_id: str


class ContextMessage(BaseModel):
    """What was said in the conversation and is no signal: a colleague's reply, or what nobody asked for. `reason` says
    why, `ref` names the message at its source.
    """

    source: str
    ref: str
    words: str
    author: SignalAuthor
    occurred_at: datetime
    edited_at: datetime | None
    url: str | None
    reason: str | None

    @classmethod
    def of(cls, said: Beside) -> "ContextMessage":
        """The message as the API shows it."""
        author = SignalAuthor(**asdict(said.author))
        names = cls.model_fields.keys() - {"author"}
        return cls(author=author, **{name: getattr(said, name) for name in names})


class ConversationDetail(Conversation):
    """A conversation with its latest 200 signals, in the order they were said, those deleted at their source
    and copies included; `GET /signals?conversation=` has all. `context` holds the latest 200 messages of its Slack
    threads that are no signals, as long as the events that brought them are kept.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [DETAIL]})

    issue: Issue | None
    probably_the_same: list[ProbablyTheSame]
    copies: list[Copy]
    signals: list[Signal]
    context: list[ContextMessage]


OTHER: JsonObject = {"conversation_id": "con_01K5ZJ6Q2V5M8X0T3N7R4B9C1F"}


class Other(Body):
    """The other conversation."""

    conversation_id: Text


@api.get("/conversations/<conversation_id>")
@has_etag
@api.output(ConversationDetail)
def show_conversation(conversation_id: str) -> ConversationDetail:
    """Show a conversation with what was said in it, whichever source it came from."""
    return tagged(_detail(conversation_id))


@api.post("/conversations/<conversation_id>/join")
@needs("write")
@api.input(Other, example=OTHER)
@api.output(ConversationDetail)
@api.doc(responses={404: "One of them is not of this workspace.", 409: "They are no issue and thread."})
def join_conversation(conversation_id: str, json_data: Other) -> ConversationDetail:
    """Say that another conversation is the same: the two become one, whose state is the answer."""
    return _detail(join(actor(caller()), conversation_id, json_data.conversation_id))


@api.post("/conversations/<conversation_id>/part")
@needs("write")
@api.input(Other, example=OTHER)
@api.doc(
    responses={204: "Kept apart.", 404: "One of them is not of this workspace.", 409: "They are no issue and thread."}
)
def part_conversation(conversation_id: str, json_data: Other) -> Response:
    """Say that another conversation is not the same: it is not guessed again."""
    part(actor(caller()), conversation_id, json_data.conversation_id)
    return Response(status=204)


def _detail(conversation_id: str) -> ConversationDetail:
    with services().database.read() as session:
        row = owned(session, ConversationRow, conversation_id, "conversation")
        newest = select(SignalRow).where(SignalRow.conversation_id == row.id)
        newest = newest.order_by(SignalRow.occurred_at.desc(), SignalRow.id.desc()).limit(MOST_SIGNALS)
        signals = session.scalars(newest).all()
        latest = next((signal for signal in signals if signal.deleted_at is None), None)
        count = counts(session, [row.id]).get(row.id, 0)
        likely = [
            ProbablyTheSame(conversation_id=each.conversation_id, score=each.score, reasons=list(each.reasons))
            for each in probably_the_same(session, row)
        ]
        return ConversationDetail(
            **plain(row, latest, count),
            issue=_issue(row),
            probably_the_same=likely,
            copies=[Copy(signal_id=copy, original_id=first) for copy, first in copies_in(session, row.id).items()],
            signals=[Signal.of(signal) for signal in reversed(signals)],
            context=[ContextMessage.of(said) for said in _beside(session, row)],
        )


def _beside(session: Session, row: ConversationRow) -> list[Beside]:
    return said_beside(session, services().retellers, row.workspace_id, row.id, services().clock())


def _issue(row: ConversationRow) -> Issue | None:
    if row.source_version is None:
        return None
    return Issue(
        title=row.title,
        url=row.url,
        state=row.state,
        priority=row.priority,
        assignee_name=row.assignee_name,
        assignee_email=row.assignee_email,
        account=SignalAccount(external_id=row.account_external_id, name=row.account_name),
        tags=row.tags,
    )
