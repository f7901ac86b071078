"""What an admin may decide for a connection."""

from typing import Annotated, Any, TypeAlias

from pydantic import Field, StrictBool, StringConstraints, WithJsonSchema

import db
from db import CaptureMode, PylonEvent
from web.api.fields import Body, Name, optional

EmojiName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[^\s:]{0,100}$")]
"""The emoji that captures a message, without colons; an empty one switches that off."""

ChannelId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


Pattern: TypeAlias = Annotated[str, StringConstraints(to_lower=True, pattern=r"^[A-Za-z0-9_*?-]{1,80}$")]
"""A pattern of channel names: `*` stands for anything, `?` for one character."""


class ChannelConfig(Body):
    """A channel that is captured, and how when not as everywhere. `auto`: a name pattern added it, and that does not
    narrow what is captured to the listed channels.
    """

    id: ChannelId
    name: Name = optional()
    capture: CaptureMode = optional()
    auto: bool = optional()


class DigestConfig(Body):
    """The internal channel that gets a digest of new signals each day, and the hour (UTC) at which it does.

    Where others read along, nothing is posted.
    """

    channel_id: ChannelId
    channel_name: Name = optional()
    hour: Annotated[int, Field(ge=0, le=23)] = optional()


class IntegrationConfig(Body):
    """No channels: all shared ones. No Pylon events: all of them. `slack_autolink` adds new channels by their names,
    `slack_import_days` is how far back a channel is imported that is added (0: not at all).
    `pylon_accept_ts_scheme`: signatures over `timestamp.body`, which Pylon itself is not known to send, count as well.
    """

    slack_channels: Annotated[list[ChannelConfig], Field(max_length=1000)] = optional()
    slack_capture: CaptureMode = optional()
    slack_reaction: EmojiName = optional()
    slack_autolink: Annotated[list[Pattern], Field(max_length=20)] = optional()
    slack_import_days: Annotated[int, Field(ge=0, le=3650)] = optional()
    slack_digest: DigestConfig = optional()
    pylon_events: Annotated[list[PylonEvent], Field(max_length=10)] = optional()
    pylon_accept_ts_scheme: StrictBool = optional()

    def stored(self) -> Any:
        """The configuration as it is stored: only what was sent."""
        return self.model_dump(exclude_unset=True)


def _inlined() -> dict[str, Any]:
    """The schema of a configuration in one piece: a reference would not survive being part of another's."""
    schema = IntegrationConfig.model_json_schema()
    parts = schema.pop("$defs")
    schema["properties"]["slack_channels"]["items"] = parts["ChannelConfig"]
    schema["properties"]["slack_digest"] = parts["DigestConfig"]
    return schema


ShownConfig: TypeAlias = Annotated[dict[str, Any], WithJsonSchema(_inlined())]
"""The configuration as it is shown: what was decided, without what the server learned by itself."""


def shown(config: db.IntegrationConfig) -> dict[str, Any]:
    """What the API shows of a stored configuration."""
    return {name: value for name, value in config.items() if name in IntegrationConfig.model_fields}
