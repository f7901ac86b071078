"""``integrations/<id>/features``: what a Slack connection can do, and what a reinstallation would enable."""

from pydantic import BaseModel, ConfigDict, Field

from core.taming import JsonObject
from db import Integration
from web.api.blueprint import api
from web.api.rows import owned
from web.services import services
from web.upgrades import can_do, install_path, offer

EXAMPLE: JsonObject = {
    "items": [
        {
            "name": "public_channels", "sentence": "messages in public channels", "scopes": ["channels:history"],
            "is_optional": False, "is_enabled": True,
        },
        {
            "name": "companies", "sentence": "the names of customers' companies", "scopes": ["team:read"],
            "is_optional": True, "is_enabled": False,
        },
    ],
    "offer": "Reinstall to enable the names of customers' companies.",
    "install_url": "https://signalbox.example.com/slack/install?workspace=ws_01K5ZJ6Q2V5M8X0T3N7R4B9C1D",
}  # fmt: skip


class Feature(BaseModel):
    """One ability of the Slack app, and the scopes that it costs."""

    name: str
    sentence: str
    scopes: list[str]
    is_optional: bool = Field(description="Everything else works without it.")
    is_enabled: bool = Field(description="All of its scopes were granted.")


class Features(BaseModel):
    """What the connection can do. Platforms that grant no scopes have none to list."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    items: list[Feature]
    offer: str | None = Field(description="What a reinstallation would enable, if anything.")
    install_url: str | None = Field(description="Where an owner or admin reinstalls, in a browser.")


@api.get("/integrations/<integration_id>/features")
@api.output(Features)
def list_features(integration_id: str) -> Features:
    """Show what a Slack connection can do with the scopes that it was granted."""
    with services().database.read() as session:
        row = owned(session, Integration, integration_id, "integration")
    items = [
        Feature(
            name=each.name,
            sentence=each.sentence,
            scopes=[*each.scopes],
            is_optional=each.optional,
            is_enabled=is_enabled,
        )
        for each, is_enabled in can_do(row)
    ]
    path = install_path(row.workspace_id, row.slack_app_id)
    url = services().settings.public_url + path if items else None
    return Features(items=items, offer=offer(row), install_url=url)
