"""The channels that a list of signals can be narrowed to."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import Integration
from web.console.rows import SignalRow


def channel_choices(
    session: Session, workspace_id: str, rows: Iterable[SignalRow], chosen: str | None
) -> list[tuple[str, str]]:
    """Ids and names: those that were picked for capture, those on the page, and the one that is asked for."""
    names = {chosen: chosen} if chosen else {}
    names |= {row.channel: row.where or row.channel for row in rows if row.channel}
    configs = select(Integration.config).where(
        Integration.workspace_id == workspace_id, Integration.platform == "slack"
    )
    for config in session.scalars(configs):
        for channel in config.get("slack_channels", []):
            if identity := channel.get("id"):
                name = channel.get("name")
                names[identity] = f"#{name.removeprefix('#')}" if name else names.get(identity, identity)
    return sorted(names.items(), key=lambda item: item[1].casefold())
