"""Another workspace, made by a program: with its owner, and a token that is shown once."""

from dataclasses import dataclass, field

from core.digests import API_TOKEN_PREFIX
from core.errors import Forbidden
from db import ApiToken, Workspace
from oauth.workspaces import create_workspace
from web.actions import Actor
from web.services import services


@dataclass(frozen=True, slots=True)
class MadeWorkspace:
    """The workspace, and an admin token of it."""

    row: Workspace
    api_token: str = field(repr=False)


def make_workspace(who: Actor, name: str) -> MadeWorkspace:
    """A workspace that the person behind the token owns; its token lives no longer than the one that asks.

    Raises `InvalidFields` for a name that cannot be, `Forbidden` for who owns no workspace.
    """
    if who.user_id is None or who.token_id is None:
        raise Forbidden("token_without_user", "This token belongs to nobody any more; use one that a member made.")
    issued, now = services().digester.issue("api_token", API_TOKEN_PREFIX), services().clock()
    with services().database.write() as session:
        workspace_id = create_workspace(session, name=name, user_id=who.user_id, now=now)
        asking = session.get_one(ApiToken, who.token_id)
        session.add(
            ApiToken(
                workspace_id=workspace_id, created_by=who.user_id, name=asking.name, token_digest=issued.digest,
                token_hint=issued.hint, scopes=["admin"], expires_at=asking.expires_at, created_at=now,
            )
        )  # fmt: skip
        row = session.get_one(Workspace, workspace_id)
    return MadeWorkspace(row, issued.token)
