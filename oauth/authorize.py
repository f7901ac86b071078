"""Bolt's authorization from our rows: no ``auth.test`` per request, whose bad moments would lose events."""

from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.authorize import Authorize
from slack_bolt.context.context import BoltContext
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.adapter import AccessSource
from core.errors import StepFailed
from core.ids import may_be_id
from db import Database, Integration
from db.sealed import holds
from oauth.connecting import connected_row


class IntegrationsAuthorize(Authorize):
    """Knows the connections of one Slack app."""

    def __init__(self, database: Database, access: AccessSource, slack_app_id: str) -> None:
        self._database = database
        self._access = access
        self._slack_app_id = slack_app_id

    def __call__(
        self,
        *,
        context: BoltContext,  # noqa: ARG002  # Bolt's signature, as below
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,
        actor_enterprise_id: str | None = None,  # noqa: ARG002
        actor_team_id: str | None = None,  # noqa: ARG002
        actor_user_id: str | None = None,  # noqa: ARG002
    ) -> AuthorizeResult | None:
        """The bot of the team's connection, else of its organisation's; None when neither is connected."""
        if not (_may_be_id(enterprise_id) and _may_be_id(team_id)):
            return None
        with self._database.read() as session:
            row = (self._row(session, enterprise_id, team_id) if team_id else None) or (
                self._row(session, enterprise_id, None) if enterprise_id else None
            )
        if row is None or not holds(row, "access_token"):
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            team=row.slack_team_name,
            url=row.config.get("slack_url"),
            bot_token=self._token(row),
            bot_id=row.slack_bot_id,
            bot_user_id=row.slack_bot_user_id,
            bot_scopes=row.scopes,
            user_id=user_id,
        )

    def _token(self, row: Integration) -> str | None:
        """The bot's token, renewed if need be. Without one people are still recognised and answered: a reply to a
        request needs no token, calls of the Web API will fail by themselves.
        """
        try:
            return self._access.access(row.id).token
        except StepFailed:
            return None

    def _row(self, session: Session, enterprise_id: str | None, team_id: str | None) -> Integration | None:
        of_account = connected_row(self._slack_app_id, enterprise_id=enterprise_id, team_id=team_id)
        return session.scalars(select(Integration).where(of_account).order_by(Integration.id)).first()


def _may_be_id(given: object) -> bool:
    """Bolt hands on whatever the body holds there."""
    return given is None or (isinstance(given, str) and may_be_id(given))
