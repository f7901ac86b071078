"""What an admin changes from a platform's home page: one locked change of the configuration each, in the audit log."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.desk import DigestPlan, Visitor
from core.errors import FieldError, Forbidden, InvalidFields
from core.taming import JsonObject
from db import AuditEntry, Integration, IntegrationConfig, SlackChannelConfig, WorkspaceMember
from pipeline.digest import resume
from web.desk.overview import is_narrowed

Change = Callable[[Integration, IntegrationConfig], None]

_EMOJI = re.compile(r"[^\s:]{0,100}")


def hear(session: Session, visitor: Visitor, room: str, *, name: str | None, on: bool, now: datetime) -> None:
    """Adds the channel as it is heard by default, or as one that is heard only when asked.

    While nothing was picked, all shared channels are heard: then the entry is one that takes nothing away (``auto``),
    so that the others, and those to come, stay heard.
    """

    def change(_: Integration, config: IntegrationConfig) -> None:
        present = config.get("slack_channels", [])
        known = {each["id"]: each.get("name") for each in present}
        pick: SlackChannelConfig = {"id": room}
        if named := name or known.get(room):
            pick["name"] = named
        if not on:
            pick["capture"] = "asked"
        if not is_narrowed(config):
            pick["auto"] = True
        config["slack_channels"] = [*(each for each in present if each["id"] != room), pick]

    _change(session, visitor, change, now)


def choose_reaction(session: Session, visitor: Visitor, emoji: str, now: datetime) -> None:
    """Raises `InvalidFields` for what is no name of an emoji."""
    chosen = emoji.strip().strip(":")
    if not _EMOJI.fullmatch(chosen):
        raise InvalidFields([FieldError("reaction", "The name of an emoji without spaces, such as inbox_tray.")])

    def change(_: Integration, config: IntegrationConfig) -> None:
        config["slack_reaction"] = chosen

    _change(session, visitor, change, now)


def plan_digest(session: Session, visitor: Visitor, plan: DigestPlan | None, now: datetime) -> None:
    """Where the digest goes from now on."""

    def change(_: Integration, config: IntegrationConfig) -> None:
        config.pop("slack_digest", None)
        if plan is not None:
            config["slack_digest"] = {"channel_id": plan.channel_id, "hour": plan.hour}
            if plan.channel_name:
                config["slack_digest"]["channel_name"] = plan.channel_name

    _change(session, visitor, change, now)
    resume(session, visitor.integration_id)


def _change(session: Session, visitor: Visitor, change: Change, now: datetime) -> None:
    """In the name of the visitor, whose role is looked up again. Raises `Forbidden`."""
    role = select(WorkspaceMember.role).where(
        WorkspaceMember.workspace_id == visitor.workspace_id, WorkspaceMember.user_id == visitor.user_id
    )
    if session.scalar(role) not in ("owner", "admin"):
        raise Forbidden("role_required", "Only an owner or admin of the workspace changes how Signalbox listens.")
    query = select(Integration).where(Integration.id == visitor.integration_id).with_for_update()
    row = session.scalars(query, execution_options={"populate_existing": True}).one()
    config = cast("IntegrationConfig", {**row.config})
    change(row, config)
    if config == row.config:
        return
    row.config, row.updated_at = config, now
    details: JsonObject = {"fields": ["config"], "from": "slack"}
    entry: dict[str, Any] = {"action": "integration.changed", "target_id": row.id, "details": details}
    session.add(AuditEntry(workspace_id=row.workspace_id, actor_id=visitor.user_id, created_at=now, **entry))
