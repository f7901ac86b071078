"""The body that changes a connection."""

from typing import cast

from web.actions.integrations import Changes
from web.api.fields import Body, HeaderName, Name, Secret, optional
from web.api.integration_config import IntegrationConfig


class IntegrationChanges(Body):
    """Only what is sent is changed. A new secret leaves the old one alive beside it for 24 hours; null clears both.
    `app_secret` is what Pylon shows for a Custom App, whose requests it signs.
    """

    name: Name = optional()
    is_active: bool = optional()
    config: IntegrationConfig = optional()
    webhook_secret: Secret | None = optional()
    header_secret: Secret | None = optional()
    header_name: HeaderName = optional()
    access_token: Secret | None = optional()
    app_secret: Secret | None = optional()

    def changes(self) -> Changes:
        """What was sent."""
        return cast("Changes", self.model_dump(exclude_unset=True))
