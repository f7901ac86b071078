"""The Slack app manifest with a server's own addresses, and the link that opens Slack with it filled in."""

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import yaml

from core.errors import SignalboxError
from core.taming import JsonObject

PLACEHOLDER = "https://signalbox.example.com"
EVENTS_PATH = "/slack/events"
NEW_APP_URL = "https://api.slack.com/apps"
"""https://docs.slack.dev/app-manifests/configuring-apps-with-app-manifests"""
NAME_LENGTH = 35
"""What Slack's schema allows for an app's name and the name of its bot."""
_UNFURLS = "  unfurl_domains:\n    - signalbox.example.com\n"
_DOMAIN = re.compile(r"([a-z0-9-]+\.)+[a-z][a-z0-9-]+", re.ASCII)
_ADDRESSES = frozenset({"request_url", "message_menu_options_url", "url"})


def render_manifest(public_url: str, *, socket_mode: bool = False) -> str:
    """``manifest.yml`` of the server's shared app as text. Raises `SignalboxError` for an unusable address."""
    text = _text(public_url)
    if not socket_mode:
        return text
    return yaml.safe_dump(_over_socket(yaml.safe_load(text)), sort_keys=False, allow_unicode=True, width=120)


def own_manifest(public_url: str, slack_app_id: str, *, name: str = "", socket_mode: bool = False) -> JsonObject:
    """The manifest of a workspace's own app: its events come to the path that selects its signing secret."""
    text = _text(public_url).replace(f"{public_url.rstrip('/')}{EVENTS_PATH}", events_url(public_url, slack_app_id))
    manifest: dict[str, Any] = yaml.safe_load(text)
    if name:
        manifest["display_information"]["name"] = name[:NAME_LENGTH]
        manifest["features"]["bot_user"]["display_name"] = name[:NAME_LENGTH]
    return _over_socket(manifest) if socket_mode else manifest


def events_url(public_url: str, slack_app_id: str) -> str:
    """Where the requests of a workspace's own app come to."""
    return f"{public_url.rstrip('/')}/slack/apps/{slack_app_id}/events"


def creation_link(manifest: JsonObject) -> str:
    """Slack's page that makes an app from this manifest. JSON, since Slack's YAML reader is strict about colons; spaces
    as ``%20``, since what reads addresses in a browser may take a plus for a plus.
    """
    compact = json.dumps(manifest, separators=(",", ":"), ensure_ascii=False)
    return f"{NEW_APP_URL}?{urlencode({'new_app': '1', 'manifest_json': compact}, quote_via=quote)}"


def manifest_path() -> Path:
    """Where the manifest lies: beside the composition root."""
    spec = find_spec("app")
    if spec is None or spec.origin is None:
        raise SignalboxError("manifest_missing", "manifest.yml was not installed with Signalbox.")
    return Path(spec.origin).parent / "manifest.yml"


def _text(public_url: str) -> str:
    parts = urlsplit(public_url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise SignalboxError("invalid_public_url", "--public-url must be like https://signalbox.example.com")
    text = manifest_path().read_text(encoding="utf-8").replace(PLACEHOLDER, public_url.rstrip("/"))
    host = parts.hostname or ""
    if not _DOMAIN.fullmatch(host):
        return text.replace(_UNFURLS, "")  # Slack shows no links to addresses that only this machine knows
    return text.replace(_UNFURLS, _UNFURLS.replace(urlsplit(PLACEHOLDER).netloc, host))


def _over_socket(manifest: dict[str, Any]) -> dict[str, Any]:
    """The same app, whose requests come over the socket that Signalbox opens, so that it needs no address for them."""
    found: dict[str, Any] = _without_addresses(manifest)
    found["settings"]["socket_mode_enabled"] = True
    return found


def _without_addresses(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_addresses(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: _without_addresses(each) for name, each in value.items() if name not in _ADDRESSES}
