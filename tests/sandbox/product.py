"""The three doors of the product that the player walks through, and nothing behind them."""

import threading
from dataclasses import dataclass, field

import httpx
import msgspec
from flask import Flask, Response, abort, jsonify, make_response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from core.signatures import hmac_sha256_hex
from core.taming import JsonObject
from sandbox.loopback import loopback_client
from sandbox.slack import SlackApp

TOKEN = "sbx_test"
HEADER_SECRET = "header-secret"
REDIRECT_PATH = "/slack/oauth_redirect"


@dataclass
class Product:
    """Keeps what arrives; ``refuse`` makes a path answer that status."""

    app: SlackApp
    url: str = ""
    sandbox_url: str = ""
    team_id: str | None = None
    pylon_token: str | None = None
    signing_secret: str | None = None
    slack_events: list[JsonObject] = field(default_factory=list)
    triggers: list[JsonObject] = field(default_factory=list)
    refuse: dict[str, int] = field(default_factory=dict)
    has_heard: threading.Event = field(default_factory=threading.Event)

    def flask(self) -> Flask:
        flask = Flask(__name__)
        flask.before_request(self._guard)
        flask.add_url_rule("/api/v1/slack/install-links", view_func=self._install_link, methods=["POST"])
        flask.add_url_rule("/slack/install", view_func=self._install)
        flask.add_url_rule(REDIRECT_PATH, view_func=self._callback)
        flask.add_url_rule("/api/v1/integrations", view_func=self._integrations, methods=["GET", "POST"])
        flask.add_url_rule("/api/v1/integrations/int_1", view_func=self._paste, methods=["PATCH"])
        flask.add_url_rule("/slack/events", view_func=self._slack_event, methods=["POST"])
        flask.add_url_rule("/webhooks/pylon/key", view_func=self._trigger, methods=["POST"])
        return flask

    def _guard(self) -> Response | None:
        if request.path.startswith("/api/") and request.headers.get("authorization") != f"Bearer {TOKEN}":
            abort(401)
        status = self.refuse.get(request.path)
        return Response(status=status) if status else None

    def _install_link(self) -> Response:
        return jsonify(url=f"{self.url}/slack/install?ticket=t1")

    def _install(self) -> BaseResponse:
        asked = httpx.QueryParams(
            client_id=self.app.client_id,
            scope="channels:history",
            state="s1",
            redirect_uri=self.url + REDIRECT_PATH,
        )
        answer = make_response(redirect(f"{self.sandbox_url}/slack/oauth/v2/authorize?{asked}"))
        answer.set_cookie("state", "s1", httponly=True)
        return answer

    def _callback(self) -> Response:
        if not request.cookies.get("state") == request.args.get("state") == "s1":
            abort(400)
        arguments = {"code": request.args["code"], "redirect_uri": self.url + REDIRECT_PATH}
        with loopback_client(5) as client:
            granted = client.post(
                f"{self.sandbox_url}/slack/api/oauth.v2.access",
                data=arguments,
                auth=(self.app.client_id, self.app.client_secret),
            ).json()
        self.team_id = granted["team"]["id"]
        return Response("Added to Slack")

    def _integrations(self) -> Response:
        if request.method == "GET":
            return jsonify(items=[{"slack_team_id": self.team_id, "state": "active"}], next_cursor=None)
        self.pylon_token = request.get_json()["access_token"]
        made = jsonify(
            id="int_1",
            webhook_url=f"{self.url}/webhooks/pylon/key",
            header_name="Authorization",
            header_secret=HEADER_SECRET,
        )
        made.status_code = 201
        return made

    def _paste(self) -> Response:
        self.signing_secret = request.get_json()["webhook_secret"]
        return jsonify(id="int_1")

    def _slack_event(self) -> Response:
        self.slack_events.append(msgspec.json.decode(request.get_data(), type=dict))
        self.has_heard.set()
        return Response()

    def _trigger(self) -> Response:
        assert request.headers["authorization"] == f"Bearer {HEADER_SECRET}"
        signature = hmac_sha256_hex(self.signing_secret or "", request.get_data())
        assert request.headers["x-pylon-signature"] == signature
        self.triggers.append(msgspec.json.decode(request.get_data(), type=dict))
        return Response()
