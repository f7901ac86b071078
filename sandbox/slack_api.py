"""Slack's Web API over HTTP, as far as Signalbox uses it, with Slack's own error names."""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import TypeAlias

import msgspec
from flask import Blueprint, Response, jsonify, request
from werkzeug.wrappers import Response as BaseResponse

from core.signatures import equals_any
from core.taming import JsonObject, JsonValue, Tame
from sandbox import slack_objects
from sandbox.errors import SlackRefusal
from sandbox.faults import Fault
from sandbox.slack import SlackStandIn
from sandbox.slack_consent import ask_consent
from sandbox.slack_conversations import (
    auth_teams_list,
    conversations_history,
    conversations_info,
    conversations_join,
    conversations_list,
    conversations_replies,
    page_of,
)
from sandbox.slack_grants import Installation, TokenPair
from sandbox.slack_kit import problems_of_blocks
from sandbox.slack_surfaces import Opened

Arguments: TypeAlias = Mapping[str, str]
Method: TypeAlias = Callable[[SlackStandIn, str, Arguments], JsonObject]


def slack_blueprint(slack: SlackStandIn) -> Blueprint:
    """Everything below ``/slack``: the authorize page and ``api/<method>``."""
    blueprint = Blueprint("slack", __name__, url_prefix="/slack")

    @blueprint.route("/oauth/v2/authorize", methods=["GET", "POST"])
    def authorize() -> BaseResponse:
        return ask_consent(slack)

    @blueprint.route("/api/<method>", methods=["GET", "POST"])
    def call(method: str) -> BaseResponse:
        slack.count_call(method)
        if fault := slack.faults.due(method) or _too_many(slack, method):
            failed = jsonify(ok=False, error=fault.error)
            failed.status_code = fault.status
            if fault.retry_after is not None:
                failed.headers["Retry-After"] = str(fault.retry_after)
            return failed
        answer = _answer(slack, method)
        slack.before_answer(method)
        return answer

    return blueprint


def _answer(slack: SlackStandIn, method: str) -> Response:
    try:
        perform, token, arguments = METHODS.get(method, _unknown), _token(), _arguments()
        client_id = (_basic() or (arguments.get("client_id", ""), ""))[0]
        asked = slack.of_client(client_id) if client_id else slack.of_token(token)
        return jsonify({"ok": True, **perform(asked, token, arguments)})
    except SlackRefusal as refusal:
        return jsonify(ok=False, error=refusal.error)


def _too_many(slack: SlackStandIn, method: str) -> Fault | None:
    wait = slack.limits.retry_after(method, _token())
    return Fault("ratelimited", 429, wait) if wait is not None else None


def _unknown(_: SlackStandIn, __: str, ___: Arguments) -> JsonObject:
    raise SlackRefusal("unknown_method")


def _oauth_v2_access(slack: SlackStandIn, _: str, arguments: Arguments) -> JsonObject:
    client_id = _authenticated_client(slack, arguments)
    if arguments.get("grant_type") == "refresh_token":
        return _granted(slack, *slack.grants.refresh(arguments.get("refresh_token", "")))
    if arguments.get("grant_type", "authorization_code") != "authorization_code":
        raise SlackRefusal("invalid_grant_type")
    installation, pair = slack.grants.redeem(
        arguments.get("code", ""), client_id=client_id, redirect_uri=arguments.get("redirect_uri", "")
    )
    return _granted(slack, installation, pair) | {"authed_user": {"id": installation.installer_id}}


def _oauth_v2_exchange(slack: SlackStandIn, token: str, arguments: Arguments) -> JsonObject:
    _authenticated_client(slack, arguments)
    return _granted(slack, *slack.grants.exchange(token))


def _authenticated_client(slack: SlackStandIn, arguments: Arguments) -> str:
    client_id, client_secret = _basic() or (arguments.get("client_id", ""), arguments.get("client_secret", ""))
    if client_id != slack.app.client_id:
        raise SlackRefusal("invalid_client_id")
    if not equals_any([slack.app.client_secret], client_secret):
        raise SlackRefusal("bad_client_secret")
    return client_id


def _granted(slack: SlackStandIn, installation: Installation, pair: TokenPair) -> JsonObject:
    """The answer's true fields; there is no ``bot_id`` among them, ``auth.test`` tells it."""
    team = installation.team
    enterprise: JsonObject = {"id": team.enterprise_id, "name": team.enterprise_name}
    named: JsonObject = {"id": team.id, "name": team.name}
    rotating: JsonObject = {"refresh_token": pair.refresh, "expires_in": pair.expires_in}
    return {
        "app_id": slack.app.api_app_id,
        "scope": ",".join(installation.scopes),
        "token_type": "bot",
        "access_token": pair.access,
        "bot_user_id": installation.bot_user_id,
        "team": None if team.org_wide else named,
        "enterprise": enterprise if team.enterprise_id else None,
        "is_enterprise_install": team.org_wide,
        **(rotating if pair.refresh else {}),
    }


def _auth_test(slack: SlackStandIn, token: str, _: Arguments) -> JsonObject:
    installation = slack.grants.bearer(token)
    team = installation.team
    answer: JsonObject = {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": "signalbox",
        "team_id": team.id,
        "user_id": installation.bot_user_id,
        "bot_id": installation.bot_id,
        "is_enterprise_install": team.org_wide,
    }
    seconds = slack.grants.seconds_left(token)
    return (
        answer
        | ({"enterprise_id": team.enterprise_id} if team.enterprise_id else {})
        | ({"expires_in": seconds} if seconds is not None else {})
    )


def _users_info(slack: SlackStandIn, token: str, arguments: Arguments) -> JsonObject:
    viewer = slack.grants.bearer(token)
    user = slack.world.user(arguments.get("user", ""))
    if user is None or user.team_id not in _visible_teams(slack, viewer):
        raise SlackRefusal("user_not_found")
    return {"user": slack_objects.user(user, viewer_team_id=viewer.team.id)}


def _team_info(slack: SlackStandIn, token: str, arguments: Arguments) -> JsonObject:
    viewer = slack.grants.bearer(token)
    team = slack.world.team(arguments.get("team") or viewer.team.id)
    if team is None or team.id not in _visible_teams(slack, viewer):
        raise SlackRefusal("team_not_found")
    return {"team": slack_objects.team(team)}


def _auth_revoke(slack: SlackStandIn, token: str, arguments: Arguments) -> JsonObject:
    slack.grants.bearer(token)
    rehearsal = arguments.get("test") in {"1", "true"}
    if not rehearsal:
        slack.grants.revoke(token)
    return {"revoked": not rehearsal}


def _apps_uninstall(slack: SlackStandIn, token: str, arguments: Arguments) -> JsonObject:
    installation = slack.grants.bearer(token)
    _authenticated_client(slack, arguments)
    slack.uninstall(installation.team)
    return {}


def _authorizations_list(slack: SlackStandIn, token: str, arguments: Arguments) -> JsonObject:
    """Every installation that an event concerns, in pages; only the app-level token may ask."""
    if not slack.app.app_token or not equals_any([slack.app.app_token], token):
        raise SlackRefusal("not_allowed_token_type" if token else "not_authed")
    found = slack.authorizations(arguments.get("event_context", ""))
    if found is None:
        raise SlackRefusal("invalid_event_context")
    page, cursor = page_of(found, arguments)
    return {"authorizations": [*page], "response_metadata": {"next_cursor": cursor}}


def _connections_open(slack: SlackStandIn, token: str, _: Arguments) -> JsonObject:
    """Where a socket of the app can be opened now: https://docs.slack.dev/reference/methods/apps.connections.open."""
    if not slack.app.app_token or not equals_any([slack.app.app_token], token):
        raise SlackRefusal("invalid_auth" if token else "not_authed")
    address = slack.apps[0].socket_address
    return {"url": address(slack) if address else "wss://127.0.0.1:1/nobody-listens-here"}


def _written(method: str) -> Method:
    """A method with which the app shows something: kept for a look at it, and answered with a timestamp or view."""

    def write(slack: SlackStandIn, token: str, arguments: Arguments) -> JsonObject:
        slack.grants.bearer(token)
        shown = {name: value for name, value in arguments.items() if name != "token"}
        slack.written.append((method, shown))
        if method.startswith("views."):
            return {"view": {"id": _show(slack, method, arguments).id, "hash": slack.next_ts()}}
        if "blocks" in arguments and problems_of_blocks(_json(arguments, "blocks")):
            raise SlackRefusal("invalid_blocks")
        return {"channel": arguments.get("channel", ""), "ts": slack.next_ts(), "message_ts": slack.next_ts()}

    return write


def _show(slack: SlackStandIn, method: str, arguments: Arguments) -> Opened:
    view = Tame(_json(arguments, "view")).raw
    if method == "views.publish":
        return slack.screens.publish(arguments.get("user_id", ""), view)
    return slack.screens.open(arguments.get("trigger_id", ""), view)


def _json(arguments: Arguments, name: str) -> JsonValue:
    try:
        value: JsonValue = msgspec.json.decode(arguments.get(name, ""))
    except msgspec.DecodeError as error:
        raise SlackRefusal("invalid_arguments") from error
    return value


METHODS: Mapping[str, Method] = {
    "oauth.v2.access": _oauth_v2_access,
    "oauth.v2.exchange": _oauth_v2_exchange,
    "auth.test": _auth_test,
    "auth.revoke": _auth_revoke,
    "apps.uninstall": _apps_uninstall,
    "users.info": _users_info,
    "team.info": _team_info,
    "apps.event.authorizations.list": _authorizations_list,
    "apps.connections.open": _connections_open,
    "conversations.list": conversations_list,
    "auth.teams.list": auth_teams_list,
    "conversations.join": conversations_join,
    "conversations.info": conversations_info,
    "conversations.history": conversations_history,
    "conversations.replies": conversations_replies,
    "chat.postMessage": _written("chat.postMessage"),
    "chat.postEphemeral": _written("chat.postEphemeral"),
    "chat.unfurl": _written("chat.unfurl"),
    "views.open": _written("views.open"),
    "views.publish": _written("views.publish"),
}


def _visible_teams(slack: SlackStandIn, viewer: Installation) -> frozenset[str]:
    """The viewer's own team and every team that it shares a channel with."""
    shared = (channel.team_ids for channel in slack.world.channels_of(frozenset({viewer.team.id})))
    return frozenset({viewer.team.id}).union(*shared)


def _arguments() -> Arguments:
    """The call's arguments: query, form, or a JSON object whose nested values stay JSON text."""
    body = request.get_json(silent=True) if request.is_json else None
    if not isinstance(body, dict):
        return request.values
    return {
        str(name): value if isinstance(value, str) else msgspec.json.encode(value).decode()
        for name, value in body.items()
    }


def _token() -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else request.values.get("token", "")


def _basic() -> tuple[str, str] | None:
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, _, client_secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise SlackRefusal("invalid_client_id") from error
    return client_id, client_secret
