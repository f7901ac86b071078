"""The body that connects a platform."""

from pydantic import Field

from web.actions.connecting import Region, Wanted
from web.api.fields import Body, HeaderName, Name, Secret, Text
from web.api.integration_config import IntegrationConfig

EXAMPLE = {"platform": "pylon", "name": "Support", "pylon_region": "us", "access_token": "pylon_api_…"}


class NewIntegration(Body):
    """A connection to make. Without any secret of your own, a header secret is generated."""

    platform: Text
    name: Name
    pylon_region: Region | None = Field(default=None, description="Where the Pylon organisation lives; default `us`.")
    access_token: Secret | None = Field(default=None, description="For names, authors and accounts behind thin events.")
    webhook_secret: Secret | None = Field(default=None, description="The signing secret that the platform shows.")
    header_secret: Secret | None = Field(default=None, description="What the platform sends in the header.")
    header_name: HeaderName | None = None
    config: IntegrationConfig = Field(default_factory=IntegrationConfig)

    def wanted(self) -> Wanted:
        """The same, without its wrapping."""
        fields = {name: getattr(self, name) for name in type(self).model_fields if name != "config"}
        return Wanted(**fields, config=self.config.stored())
