"""The sandbox as one web application: Slack below ``/slack``, Pylon below ``/pylon``."""

from flask import Flask

from sandbox.pylon import PylonStandIn
from sandbox.pylon_api import pylon_blueprint
from sandbox.slack import SlackStandIn
from sandbox.slack_api import slack_blueprint


def create_sandbox(slack: SlackStandIn, pylon: PylonStandIn) -> Flask:
    """Serves both stand-ins over HTTP."""
    app = Flask(__name__)
    app.register_blueprint(slack_blueprint(slack))
    app.register_blueprint(pylon_blueprint(pylon))
    return app
