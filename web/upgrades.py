"""Scope upgrades: what a Slack connection could do if it were installed again."""

from urllib.parse import urlencode

from core.features import Feature
from db import Integration
from web.services import services


def can_do(integration: Integration) -> list[tuple[Feature, bool]]:
    """Each feature of the Slack app, and whether this connection was granted all that it costs."""
    if integration.platform != "slack" or not integration.is_connected:
        return []
    table = services().slack_features
    return [(feature, table.has_scope(integration, feature.name)) for feature in table]


def offer(integration: Integration) -> str | None:
    """``Reinstall to enable …``; None when there is nothing to gain."""
    gained = [feature.sentence for feature, is_granted in can_do(integration) if not is_granted]
    return f"Reinstall to enable {_listed(gained)}." if gained else None


def install_path(workspace_id: str, slack_app_id: str | None = None) -> str:
    """Where Add to Slack begins, for this app."""
    chosen = {"app": slack_app_id} if slack_app_id else {}
    return f"/slack/install?{urlencode({'workspace': workspace_id, **chosen})}"


def _listed(sentences: list[str]) -> str:
    *most, last = sentences
    return f"{'; '.join(most)}; and {last}" if most else last
