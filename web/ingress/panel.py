"""What a platform shows of Signalbox inside its own pages: it asks at its connection's address, by GET."""

from flask import Response, jsonify, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.adapter import Refusal
from core.errors import Forbidden, SignalboxError
from core.ids import may_be_id
from core.panel import Handshake, PanelRequest, Said, Told
from core.signal import ConversationKey
from core.taming import clean
from db import ConversationLink, Signal
from web.ingress.admission import refuse
from web.ingress.keyed import door
from web.ingress.live import connected_at, live_panel
from web.services import services

SHOWN = 5


@door.get("/webhooks/<platform>/<ingest_key>/app")
def show_panel(platform: str, ingest_key: str) -> Response:
    """The handshake's code, or the signals of the conversation that is looked at. The key alone names the tenant."""
    panel = services().panels.get(platform) if may_be_id(platform) else None
    if panel is None:
        raise refuse("unknown", Refusal("ingest_key_unknown"))
    headers = {name.lower(): value for name, value in request.headers.items()}
    asking = PanelRequest(headers, request.query_string)
    with services().database.read() as session:
        row = connected_at(session, platform, ingest_key)
        if row is None:
            raise refuse(platform, Refusal("ingest_key_unknown"))
        if refusal := panel.refusal(asking, live_panel(row, services().clock())):
            raise refuse(platform, refusal)
        question = panel.question(asking)
        if question is None:
            raise SignalboxError("panel_question_unknown", "This asks for nothing that can be shown.")
        if isinstance(question, Handshake):
            return jsonify(code=question.code)
        if row.pylon_account_id and question.organisation != row.pylon_account_id:
            raise Forbidden("organisation_mismatch", "This connection is of another organisation.")
        return jsonify(panel.answer(_told(session, row.workspace_id, question.conversation)))


def _told(session: Session, workspace_id: str, key: ConversationKey) -> Told:
    console = services().settings.public_url
    link = ConversationLink
    conversation_id = session.scalar(
        select(link.conversation_id).where(
            link.workspace_id == workspace_id, link.kind == key.kind, link.ref == clean(key.ref)
        )
    )
    if conversation_id is None:
        return Told(url=f"{console}/signals")
    there = (Signal.conversation_id == conversation_id, Signal.deleted_at.is_(None))
    newest = select(Signal).where(*there).order_by(Signal.occurred_at.desc(), Signal.id.desc()).limit(SHOWN)
    return Told(
        url=f"{console}/conversations/{conversation_id}",
        said=tuple(_said(signal, console) for signal in session.scalars(newest)),
        count=session.scalar(select(func.count()).select_from(Signal).where(*there)) or 0,
    )


def _said(signal: Signal, console: str) -> Said:
    return Said(
        words=signal.verbatim,
        author=signal.author_name or signal.author_email or "Somebody",
        at=signal.occurred_at,
        source=signal.source,
        url=f"{console}/signals/{signal.id}",
        source_url=signal.source_url,
        severity=signal.severity,
        status=signal.status,
    )
