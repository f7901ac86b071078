"""What every page of a signed-in person shows around its content."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from db import User, Workspace, WorkspaceMember
from web.console.navigation import EDITORS, Entry, entries
from web.session import Visitor


@dataclass(frozen=True, slots=True)
class Frame:
    """The workspace, the person, the navigation, and what the person's role opens."""

    workspace_id: str
    workspace_name: str
    person: str
    entries: tuple[Entry, ...]
    edits: bool
    administers: bool


def frame_of(session: Session, visitor: Visitor) -> Frame:
    """The frame for a visitor, to be handed to the template as ``frame``."""
    query = (
        select(Workspace.name, User.name, User.email)
        .join(WorkspaceMember, WorkspaceMember.workspace_id == Workspace.id)
        .join(User, User.id == WorkspaceMember.user_id)
        .where(Workspace.id == visitor.workspace_id, User.id == visitor.user_id)
    )
    workspace_name, name, email = session.execute(query).one()
    return Frame(
        workspace_id=visitor.workspace_id,
        workspace_name=workspace_name,
        person=name or email,
        entries=entries(visitor.role),
        edits=visitor.role in EDITORS,
        administers=visitor.administers,
    )
