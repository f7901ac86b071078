"""The web application: ingress, API, console and health over one process's services."""

from apiflask import APIFlask

from web.api.limits import Limits, limit_requests
from web.api.registering import make_flask, register_api
from web.compression import register_compression
from web.console.registering import register_console
from web.errors import register_errors
from web.health import health
from web.ingress import MAX_BODY_BYTES, register_ingress
from web.metrics import register_metrics
from web.security import register_security
from web.services import Services, attach
from web.slack_install import slack_install


def make_web(services: Services) -> APIFlask:
    """The Flask application over these services."""
    app = make_flask()
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    attach(app, services)
    register_compression(app)
    register_errors(app)
    register_security(app)
    register_ingress(app)
    register_api(app)
    register_metrics(app)
    limit_requests(app, Limits(services.clock))
    register_console(app)
    app.register_blueprint(slack_install)
    app.register_blueprint(health)
    return app
