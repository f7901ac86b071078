"""A running Signalbox as its admin meets it: over its public routes, with an API token and a browser."""

from urllib.parse import urljoin, urlsplit

import httpx

from core.errors import NotJsonObject
from core.taming import JsonObject, Tame, parse_object
from sandbox.errors import SandboxError
from sandbox.loopback import loopback_client
from sandbox.pylon import PylonWebhook

ANSWER_SECONDS = 10.0
CALLBACK_PATH = "/slack/oauth_redirect"


class Signalbox:
    """Every method is one step; each raises `SandboxError` naming the step and the status, never a body."""

    def __init__(self, base_url: str, api_token: str) -> None:
        self._base_url = base_url.rstrip("/") + "/"
        self._headers = {"authorization": f"Bearer {api_token}"}

    @property
    def slack_events_url(self) -> str:
        """Where Slack sends the shared app's events."""
        return urljoin(self._base_url, "slack/events")

    def add_to_slack(self, team_id: str, app_id: str | None = None) -> None:
        """Adds the app to Slack like a browser: install link, consent, redirect with the cookie, success page.

        ``app_id`` is one of the workspace's own apps; without it the shared one is meant.
        """
        chosen: JsonObject = {"app_id": app_id} if app_id else {}
        link = self._call("asking for an install link", "POST", "slack/install-links", chosen)
        self._browse(urljoin(self._base_url, _field("asking for an install link", link, "url")))
        step = "checking the Slack integration"
        listed = Tame(self._call(step, "GET", "integrations")).objects("items")
        if not any(item.text("slack_team_id") == team_id and item.text("state") == "active" for item in listed):
            raise SandboxError(f"{step}: the Slack team is not among the active integrations")

    def connect_pylon(self, name: str, access_token: str, signing_secret: str | None = None) -> PylonWebhook:
        """Connects Pylon and returns what the admin then types into Pylon's settings. ``signing_secret`` is what Pylon
        shows for it, and the admin pastes.
        """
        step = "connecting Pylon"
        asked: JsonObject = {
            "platform": "pylon",
            "name": name,
            "pylon_region": "us",
            "access_token": access_token,
        }
        made = self._call(step, "POST", "integrations", asked)
        if signing_secret is not None:
            pasted: JsonObject = {"webhook_secret": signing_secret}
            self._call("pasting the signing secret", "PATCH", f"integrations/{_field(step, made, 'id')}", pasted)
        header, secret = _field(step, made, "header_name"), _field(step, made, "header_secret")
        is_bearer = header.lower() == "authorization" and " " not in secret
        return PylonWebhook(_field(step, made, "webhook_url"), header, f"Bearer {secret}" if is_bearer else secret)

    def _browse(self, url: str) -> None:
        step = "following Add to Slack"
        try:
            with loopback_client(ANSWER_SECONDS, follow_redirects=True) as browser:
                page = browser.get(url)
        except httpx.HTTPError as error:
            raise SandboxError(f"{step}: no answer ({type(error).__name__})") from None
        visited = [urlsplit(str(response.url)).path for response in (*page.history, page)]
        if not page.is_success or not any(path.endswith(CALLBACK_PATH) for path in visited):
            raise SandboxError(f"{step}: ended at {visited[-1]} with {page.status_code}")

    def _call(self, step: str, method: str, path: str, body: JsonObject | None = None) -> JsonObject:
        url = urljoin(self._base_url, f"api/v1/{path}")
        try:
            with loopback_client(ANSWER_SECONDS) as client:
                answer = client.request(method, url, json=body, headers=self._headers)
        except httpx.HTTPError as error:
            raise SandboxError(f"{step}: no answer ({type(error).__name__})") from None
        if not answer.is_success:
            raise SandboxError(f"{step}: answered {answer.status_code}")
        try:
            return parse_object(answer.content)
        except NotJsonObject:
            raise SandboxError(f"{step}: answered {answer.status_code} without a JSON object") from None


def _field(step: str, answer: JsonObject, name: str) -> str:
    value = Tame(answer).text(name)
    if value is None:
        raise SandboxError(f"{step}: the answer has no {name}")
    return value
