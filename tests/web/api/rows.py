"""Rows to ask the API for."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
from ulid import ULID

from db import (
    Conversation,
    ConversationLink,
    Database,
    Event,
    Import,
    Integration,
    Invitation,
    Receipt,
    SavedView,
    Signal,
    SlackApp,
    UserIdentity,
    UserSession,
    WebhookKey,
)
from oauth.sessions import SESSION_LIVES
from tests.conftest import NOW


def add_signal(database: Database, workspace_id: str, ref: str = "C01:1.1", **values: Any) -> str:
    """A signal; ``minutes`` moves it back in time."""
    occurred_at: datetime = NOW - timedelta(minutes=values.pop("minutes", 0))
    given = {"source": "slack", "source_version": "1", "verbatim": "words", "occurred_at": occurred_at} | values
    with database.write() as session:
        signal = Signal(workspace_id=workspace_id, source_ref=ref, **given)
        session.add(signal)
    return signal.id


def add_integration(database: Database, workspace_id: str, platform: str = "pylon", **values: Any) -> str:
    with database.write() as session:
        integration = Integration(workspace_id=workspace_id, platform=platform, name="Support", **values)
        session.add(integration)
    return integration.id


def add_import(database: Database, workspace_id: str, integration_id: str, **values: Any) -> str:
    given = {"since": NOW - timedelta(days=30), "until": NOW, "due_at": NOW, "created_at": NOW} | values
    with database.write() as session:
        row = Import(workspace_id=workspace_id, integration_id=integration_id, **given)
        session.add(row)
    return row.id


def add_conversation(database: Database, workspace_id: str, *keys: tuple[str, str]) -> str:
    """A conversation that is called by these (kind, ref)."""
    with database.write() as session:
        conversation = Conversation(workspace_id=workspace_id)
        session.add(conversation)
        session.flush()
        for kind, ref in keys:
            session.add(
                ConversationLink(workspace_id=workspace_id, kind=kind, ref=ref, conversation_id=conversation.id)
            )
    return conversation.id


def add_key(database: Database, workspace_id: str, digest: str) -> str:
    with database.write() as session:
        key = WebhookKey(workspace_id=workspace_id, name="Zapier", api_key=digest, api_key_hint="sbk_…", secret="s")
        session.add(key)
    return key.id


def add_app(database: Database, workspace_id: str | None) -> str:
    with database.write() as session:
        app = SlackApp(workspace_id=workspace_id, client_id=f"1.{int(ULID())}", client_secret="c", signing_secret="s")
        session.add(app)
    return app.id


def add_event(database: Database, **values: Any) -> str:
    """An event whose id is of its time, as they all are; ``minutes`` moves it back."""
    received_at = NOW - timedelta(minutes=values.pop("minutes", 0))
    identity = f"evt_{ULID.from_datetime(received_at)}"
    given = {
        "id": identity,
        "platform": "pylon",
        "type": "issue",
        "payload": b'{"issue_id": "1"}',
        "received_at": received_at,
    } | values
    with database.write() as session:
        event = Event(**given)
        session.add(event)
    return event.id


def add_receipt(database: Database, event_id: str, workspace_id: str, **values: Any) -> None:
    with database.write() as session:
        session.add(Receipt(event_id=event_id, workspace_id=workspace_id, **{"outcome": "captured"} | values))


def add_invitation(database: Database, workspace_id: str, email: str = "dana@example.com") -> str:
    """An invitation that lives."""
    with database.write() as session:
        row = Invitation(
            workspace_id=workspace_id, email=email, role="member", token_digest=f"digest of {workspace_id} {email}",
            created_at=NOW, expires_at=NOW + timedelta(days=7),
        )  # fmt: skip
        session.add(row)
    return row.id


def add_view(database: Database, workspace_id: str) -> str:
    with database.write() as session:
        view = SavedView(workspace_id=workspace_id, name="Exports", query={"q": "export"}, created_at=NOW)
        session.add(view)
    return view.id


def add_reply(database: Database, workspace_id: str, integration_id: str, *, author: str = "U0KIM") -> str:
    """A colleague's reply in the Slack thread ``C01:1763632800.000100`` that the mode did not keep; its event's id."""
    said = {"type": "message", "channel": "C01", "user": author, "text": "We look into it.", "ts": "1763632860.000200",
            "thread_ts": "1763632800.000100", "user_team": "T0HOME"}  # fmt: skip
    body = msgspec.json.encode({"type": "event_callback", "event": said})
    event = add_event(
        database, platform="slack", type="message", subject="C01:1763632860.000200", payload=body, state="ignored"
    )
    add_receipt(
        database, event, workspace_id, outcome="ignored", reason="internal_author", integration_id=integration_id,
        thread="C01:1763632800.000100", author=author,
    )  # fmt: skip
    return event


def add_session(database: Database, user_id: str, **values: Any) -> str:
    """A browser of theirs, seen just now."""
    given = {"token_digest": str(ULID()), "created_at": NOW, "last_seen_at": NOW, "expires_at": NOW + SESSION_LIVES}
    with database.write() as session:
        row = UserSession(user_id=user_id, **given | values)
        session.add(row)
    return row.id


def add_identity(database: Database, user_id: str, subject: str = "1093", **values: Any) -> str:
    given = {"issuer": "https://id.example", "created_at": NOW} | values
    with database.write() as session:
        row = UserIdentity(user_id=user_id, subject=subject, **given)
        session.add(row)
    return row.id
