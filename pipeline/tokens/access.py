"""Opens a token for one call to its platform: an integration's, or a Slack app's own."""

from dataclasses import dataclass

from core.adapter import Access
from core.errors import SealBroken, StepFailed
from db import Database, Integration, SlackApp
from pipeline.installations.addressed import GRID_MIGRATION


@dataclass(frozen=True, slots=True)
class StoredAccess:
    """Implements `core.adapter.AccessSource` with the token as it is stored."""

    database: Database

    def access(self, integration_id: str) -> Access:
        """See `core.adapter.AccessSource.access`."""
        return self.look(integration_id)[1]

    def look(self, integration_id: str) -> tuple[Integration, Access]:
        """The row as it is now, and its access."""
        with self.database.read() as session:
            integration = session.get(Integration, integration_id)
            if integration is None:
                raise StepFailed("token_missing", permanent=True)
            return integration, _opened(integration)


@dataclass(frozen=True, slots=True)
class StoredAppAccess:
    """Opens the app-level token of a Slack app, with which it asks about all its installations."""

    database: Database

    def __call__(self, slack_app_id: str) -> Access:
        """Raises `core.errors.StepFailed`: ``token_missing`` when the app has none."""
        with self.database.read() as session:
            app = session.get(SlackApp, slack_app_id)
            try:
                token = app.app_token if app else None
            except SealBroken as error:
                raise StepFailed(error.reason, permanent=True) from error
        if token is None:
            raise StepFailed("token_missing", permanent=True)
        return Access(token, owner=slack_app_id)


def _opened(integration: Integration) -> Access:
    try:
        token = integration.access_token
    except SealBroken as error:
        raise StepFailed(error.reason, permanent=True) from error
    # A disconnected row may keep its token for a moment, to say farewell with and for nothing else.
    if token is None or not integration.is_connected:
        raise StepFailed("token_missing", permanent=True)
    if integration.state_reason == GRID_MIGRATION:
        raise StepFailed("slack_grid_migration", permanent=False, retry_after=60)
    return Access(token, integration.pylon_region, integration.pylon_account_id or integration.id)
