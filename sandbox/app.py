"""The sandbox as one web application: Slack below ``/slack``, Pylon below ``/pylon``."""

from flask import Flask

from sandbox.oidc import slack_openid
from sandbox.oidc_api import openid_blueprint
from sandbox.pylon import PylonStandIn
from sandbox.pylon_api import pylon_blueprint
from sandbox.slack import SlackStandIn
from sandbox.slack_api import slack_blueprint


def create_sandbox(slack: SlackStandIn, pylon: PylonStandIn) -> Flask:
    """Serves both stand-ins over HTTP, Sign in with Slack included."""
    app = Flask(__name__)
    app.register_blueprint(slack_blueprint(slack))
    app.register_blueprint(openid_blueprint(slack_openid(slack, clock=slack.clock), "slack_openid"))
    app.register_blueprint(pylon_blueprint(pylon))
    return app
