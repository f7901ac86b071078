"""Whom people can sign in with: Slack, and the OpenID provider that the settings name."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from sqlalchemy.orm import Session

from core.errors import Conflict
from core.settings import Settings
from db import Database
from db.sealed import holds
from oauth.slack_apps import MISSING, shared_app

ProviderName: TypeAlias = Literal["slack", "oidc"]

WELL_KNOWN = "/.well-known/openid-configuration"
NOT_CONFIGURED = (
    "No OpenID provider is configured. Set SIGNALBOX_OIDC_DISCOVERY_URL, SIGNALBOX_OIDC_CLIENT_ID and "
    "SIGNALBOX_OIDC_CLIENT_SECRET."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An OpenID provider, and the client that we are to it."""

    name: ProviderName
    discovery_url: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str


def offered(session: Session, settings: Settings) -> tuple[ProviderName, ...]:
    """The providers that this server can send people to, in the order of their buttons."""
    app = shared_app(session)
    has_slack = app is not None and holds(app, "client_secret")
    has_oidc = bool(settings.oidc_discovery_url and settings.oidc_client_id)
    return (*(("slack",) if has_slack else ()), *(("oidc",) if has_oidc else ()))


def provider(database: Database, settings: Settings, name: ProviderName) -> Provider:
    """The provider of this name. Raises ``slack_app_missing`` or ``oidc_not_configured`` when it is not offered.

    Sign in with Slack is the shared Slack app's: https://docs.slack.dev/authentication/sign-in-with-slack
    """
    discovery_url, client_id, client_secret = _slack(database, settings) if name == "slack" else _of_settings(settings)
    return Provider(
        name=name,
        discovery_url=discovery_url,
        client_id=client_id,
        client_secret=client_secret,
        redirect_uri=f"{settings.public_url}/sign-in/{name}/callback",
    )


def _slack(database: Database, settings: Settings) -> tuple[str, str, str]:
    with database.read() as session:
        app = shared_app(session)
        if app is None or not app.client_secret:
            raise Conflict("slack_app_missing", MISSING)
        return f"{settings.slack_openid_url.rstrip('/')}{WELL_KNOWN}", app.client_id, app.client_secret


def _of_settings(settings: Settings) -> tuple[str, str, str]:
    if not (settings.oidc_discovery_url and settings.oidc_client_id):
        raise Conflict("oidc_not_configured", NOT_CONFIGURED)
    return settings.oidc_discovery_url, settings.oidc_client_id, settings.oidc_client_secret
