"""What an admin may decide for a connection."""

from typing import Annotated, Any, TypeAlias

from pydantic import Field, StringConstraints, WithJsonSchema

import db
from db import CaptureMode, PylonEvent
from web.api.fields import Body, Name, optional

ChannelId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]

SERVER_MANAGED = frozenset({"slack_url"})
"""Learned from the platform, kept through every change, neither shown nor taken."""

ShownConfig: TypeAlias = Annotated[dict[str, Any], WithJsonSchema({"$ref": "#/components/schemas/IntegrationConfig"})]
"""The configuration as it is shown: only what was decided."""


class ChannelConfig(Body):
    """A channel that was picked, and how to capture there when not as everywhere."""

    id: ChannelId
    name: Name = optional()
    capture: CaptureMode = optional()


class IntegrationConfig(Body):
    """No channels: all shared ones. No Pylon events: all of them."""

    slack_channels: Annotated[list[ChannelConfig], Field(max_length=1000)] = optional()
    slack_capture: CaptureMode = optional()
    pylon_events: Annotated[list[PylonEvent], Field(max_length=10)] = optional()

    def stored(self, before: db.IntegrationConfig | None = None) -> Any:
        """The configuration to store in place of ``before``, whose server-managed parts stay."""
        kept = {name: value for name, value in (before or {}).items() if name in SERVER_MANAGED}
        return kept | self.model_dump(exclude_unset=True)


def shown(config: db.IntegrationConfig) -> dict[str, Any]:
    """What the API shows of a stored configuration."""
    return {name: value for name, value in config.items() if name in IntegrationConfig.model_fields}
