"""``slack-apps``: a workspace's own Slack apps. Secrets go in and never come out."""

from datetime import datetime
from typing import Any, Literal, cast

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from core.taming import JsonObject
from db import SlackApp as SlackAppRow
from db.sealed import holds
from web.actions import actor
from web.actions import slack_apps as actions
from web.api.blueprint import api
from web.api.etags import has_etag, require_match, tagged
from web.api.fields import Body, ListQuery, Name, Query, Text, optional
from web.api.rows import own_page, owned
from web.api.slack_credentials import AppId, AppToken, ClientId, SlackSecret
from web.auth import caller, needs
from web.manifest import creation_link, events_url, own_manifest
from web.services import services

WHAT = "Slack app"
EXAMPLE: JsonObject = {
    "id": "app_01K5ZJ6Q2V5M8X0T3N7R4B9C1D", "name": "Signalbox of Acme", "state": "ready",
    "client_id": "1234567890.9876543210", "api_app_id": "A0123ABCD", "has_app_token": False,
    "events_url": "https://signalbox.example.com/slack/apps/app_01K5ZJ6Q2V5M8X0T3N7R4B9C1D/events",
    "signature_verified_at": "2026-11-20T10:05:00Z", "previous_signing_secret_expires_at": None,
    "socket_opened_at": None, "created_at": "2026-11-20T10:00:00Z", "updated_at": "2026-11-20T10:00:00Z",
}  # fmt: skip
BEGUN: JsonObject = {
    "state": "draft", "client_id": None, "api_app_id": None, "signature_verified_at": None,
    "create_url": "https://api.slack.com/apps?new_app=1&manifest_json=%7B…",
}  # fmt: skip
NEW_EXAMPLE = {
    "name": "Signalbox of Acme", "client_id": "1234567890.9876543210", "client_secret": "the-client-secret",
    "signing_secret": "the-signing-secret",
}  # fmt: skip


MANIFEST: JsonObject = {
    "display_information": {"name": "Signalbox of Acme"},
    "features": {"bot_user": {"display_name": "Signalbox"}},
    "oauth_config": {"scopes": {"bot": ["channels:history"]}},
    "settings": {"event_subscriptions": {"request_url": EXAMPLE["events_url"]}},
}


class NewSlackApp(Body):
    """A Slack app of your own, as its *Basic Information* page shows it."""

    name: Name
    client_id: ClientId
    client_secret: SlackSecret
    signing_secret: SlackSecret
    app_token: AppToken | None = Field(default=None, description="`xapp-…`: for Socket Mode and shared channels.")
    id: AppId | None = Field(default=None, description="The id in the address that the app's manifest names.")


class NewSlackAppDraft(Body):
    """An app that is to be made in Slack."""

    name: Name
    socket_mode: bool = Field(default=False, description="The server has no public address: it opens a socket.")


class SlackAppChanges(Body):
    """Only what is sent is changed. The old signing secret lives 24 more hours; null takes the token away."""

    name: Name = optional()
    client_secret: SlackSecret = optional()
    signing_secret: SlackSecret = optional()
    app_token: AppToken | None = optional()


class ManifestQuery(Query):
    """Which app the manifest is for."""

    app_id: Text | None = Field(default=None, description="One of the workspace's apps; without it, a new id is used.")
    name: Text | None = Field(default=None, description="What the app is called in Slack.")
    socket_mode: bool = Field(default=False, description="No addresses: requests come over a socket.")


class Manifest(BaseModel):
    """A manifest as Slack reads it: https://docs.slack.dev/reference/app-manifest."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"examples": [MANIFEST]})

    display_information: dict[str, Any]
    features: dict[str, Any]
    oauth_config: dict[str, Any]
    settings: dict[str, Any]


class SlackApp(BaseModel):
    """An app, without its secrets. `draft`: it has no credentials yet."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    id: str
    name: str
    state: Literal["draft", "ready"]
    client_id: str | None
    api_app_id: str | None
    has_app_token: bool
    events_url: str
    signature_verified_at: datetime | None = Field(description="When the present signing secret proved right.")
    previous_signing_secret_expires_at: datetime | None
    socket_opened_at: datetime | None
    created_at: datetime
    updated_at: datetime


class SlackAppDraft(SlackApp):
    """An app in the making, with the link that opens Slack's page for it, filled in."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE | BEGUN]})

    create_url: str


class SlackAppPage(BaseModel):
    """The workspace's own apps, the newest first."""

    items: list[SlackApp]
    next_cursor: str | None


@api.get("/slack-apps")
@needs("admin")
@api.input(ListQuery, location="query")
@api.output(SlackAppPage)
def list_slack_apps(query_data: ListQuery) -> SlackAppPage:
    """List the workspace's own Slack apps."""
    rows, next_cursor = own_page(SlackAppRow, query_data)
    return SlackAppPage(items=[SlackApp(**_plain(row)) for row in rows], next_cursor=next_cursor)


@api.post("/slack-apps")
@api.input(NewSlackApp, example=NEW_EXAMPLE)
@api.output(SlackApp, status_code=201)
@api.doc(responses={409: "Registered already.", 424: "Slack did not answer."})
def register_slack_app(json_data: NewSlackApp) -> SlackApp:
    """Register a Slack app of your own. Slack is asked whether its credentials are right.

    Then set its event and interactivity addresses to `events_url`, unless its manifest was made for this `id`.
    """
    given = {name: getattr(json_data, name) for name in type(json_data).model_fields}
    return SlackApp(**_plain(actions.register(actor(caller()), actions.Credentials(**given))))


@api.post("/slack-apps/drafts")
@api.input(NewSlackAppDraft, example={"name": "Signalbox of Acme"})
@api.output(SlackAppDraft, status_code=201)
def begin_slack_app(json_data: NewSlackAppDraft) -> SlackAppDraft:
    """Begin a Slack app: open `create_url`, make the app there, then register it with this `id` and its credentials."""
    row = actions.keep_place(actor(caller()), json_data.name)
    manifest = _manifest(row.id, json_data.name, socket_mode=json_data.socket_mode)
    return SlackAppDraft(**_plain(row), create_url=creation_link(manifest))


@api.get("/slack-apps/manifest")
@needs("admin")
@api.input(ManifestQuery, location="query")
@api.output(Manifest)
@api.doc(responses={404: "No such Slack app."})
def show_slack_app_manifest(query_data: ManifestQuery) -> JsonObject:
    """Show the manifest to make a Slack app from, or to bring one up to date with.

    Without `app_id` it is for a new app: register that one with the id in its event address.
    """
    if query_data.app_id is None:
        return _manifest(actions.fresh_id(), query_data.name or "", socket_mode=query_data.socket_mode)
    with services().database.read() as session:
        row = owned(session, SlackAppRow, query_data.app_id, WHAT)
    return _manifest(row.id, query_data.name or row.name, socket_mode=query_data.socket_mode)


@api.get("/slack-apps/<app_id>")
@needs("admin")
@has_etag
@api.output(SlackApp)
def show_slack_app(app_id: str) -> SlackApp:
    """Show a Slack app."""
    with services().database.read() as session:
        return tagged(SlackApp(**_plain(owned(session, SlackAppRow, app_id, WHAT))))


@api.patch("/slack-apps/<app_id>")
@has_etag
@api.input(SlackAppChanges, example={"signing_secret": "the-new-signing-secret"})
@api.output(SlackApp)
@api.doc(responses={409: "It has no credentials yet.", 424: "Slack did not answer."})
def change_slack_app(app_id: str, json_data: SlackAppChanges) -> SlackApp:
    """Rename a Slack app or replace its secrets. The old signing secret lives 24 more hours."""
    changes = cast("actions.AppChanges", json_data.model_dump(exclude_unset=True))
    row = actions.change_app(actor(caller()), app_id, changes, check=lambda row: require_match(SlackApp(**_plain(row))))
    return tagged(SlackApp(**_plain(row)))


@api.delete("/slack-apps/<app_id>")
@api.doc(responses={204: "Deleted; its connections are disconnected."})
def delete_slack_app(app_id: str) -> Response:
    """Delete a Slack app: its connections end at once, and signals stay.

    Slack is told within a minute that the app leaves. Then its secrets and all tokens are gone here, even if Slack
    could not be told: the connection's `token_problem` is then `slack_not_told`. In Slack the app goes on to exist.
    """
    actions.delete_app(actor(caller()), app_id)
    return Response(status=204)


def _manifest(app_id: str, name: str, *, socket_mode: bool) -> JsonObject:
    return own_manifest(services().settings.public_url, app_id, name=name, socket_mode=socket_mode)


def _plain(row: SlackAppRow) -> dict[str, Any]:
    known = SlackApp.model_fields.keys() - {"state", "has_app_token", "events_url", "client_id"}
    return {name: getattr(row, name) for name in known} | {
        "client_id": row.client_id or None,
        "state": "ready" if row.is_complete else "draft",
        "has_app_token": holds(row, "app_token"),
        "events_url": events_url(services().settings.public_url, row.id),
    }
