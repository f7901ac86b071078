"""One Slack app as a Bolt app: it gets requests that we verified, and routes them to our functions."""

import re
from logging import Logger
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.authorize import Authorize
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.oauth import OAuthFlow

from core.errors import SignalboxError
from core.logs import get_logger
from integrations.slack.changes import CHANGES
from integrations.slack.envelope import ENDS
from integrations.slack.interactions import Arriving, answer
from integrations.slack.listeners import Happening, Lifecycle
from integrations.slack.responding import respond
from integrations.slack.surfaces import Surfaces
from integrations.slack.views.capture import not_stored

log = get_logger()

HAPPENING = "happening"
"""Where a request's context holds its `Happening`."""


ARRIVING = "arriving"
"""Where an interactive request's context holds its `Arriving`."""

_ANY = re.compile("")


def build_app(
    *,
    oauth_flow: OAuthFlow,
    authorize: Authorize,
    lifecycle: Lifecycle,
    surfaces: Surfaces,
    logger: Logger | None = None,
) -> App:
    """The Bolt app of one Slack app. Listeners run inside of ``dispatch``, so that a failing one answers 500 and is
    tried again. Nothing is read from SLACK_* variables: the flow, the client and the secret are given.

    ``logger`` must not pass on what Bolt tells it, which are bodies and tokens; by default the flow's is used.
    """
    app = App(
        name="signalbox",
        logger=logger or oauth_flow.logger,
        client=oauth_flow.client,
        signing_secret="",
        oauth_flow=oauth_flow,
        authorize=_ConnectedOnly(authorize),
        process_before_response=True,
        raise_error_for_unhandled_request=True,
        request_verification_enabled=False,  # done before, on the bytes, with both live secrets
        ssl_check_enabled=False,
        url_verification_enabled=False,
    )
    app.error(_answer_failure)

    def on_event(request: BoltRequest) -> None:
        happening: Happening | None = request.context.get(HAPPENING)
        if happening is not None:
            respond(happening, lifecycle, surfaces)

    def on_interaction(request: BoltRequest) -> BoltResponse:
        arriving: Arriving | None = request.context.get(ARRIVING)
        said = answer(request.body, arriving, surfaces) if arriving else None
        return BoltResponse(status=200, body=said or "")

    app.event(_ANY)(on_event)
    for listen in (app.shortcut, app.view, app.action, app.command, app.options):
        listen(_ANY)(on_interaction)
    return app


class NotConnected(SignalboxError):
    """The request comes from a team that is not connected."""


class _ConnectedOnly(Authorize):
    """Stops requests of teams that are not connected, where Bolt would apologise to the person, over the network."""

    def __init__(self, inner: Authorize) -> None:
        self._inner = inner

    def __call__(self, **of_request: Any) -> AuthorizeResult:
        happening: Happening | None = of_request["context"].get(HAPPENING)
        if happening is not None and happening.type in ENDS | CHANGES.keys():  # what needs no token
            return AuthorizeResult(enterprise_id=of_request["enterprise_id"], team_id=of_request["team_id"])
        result = self._inner(**of_request)
        if result is None:
            raise NotConnected("not_connected")
        return result


def _answer_failure(error: Exception, body: dict[str, Any]) -> BoltResponse | None:
    """What nobody listens to is acknowledged, since Slack counts a 404 as a failure; anything else stays a 500.

    An empty answer to a dialog would close it as if all were well.
    """
    if isinstance(error, NotConnected) and body.get("type") == "view_submission":
        return BoltResponse(status=200, body=not_stored())
    if isinstance(error, BoltUnhandledRequestError | NotConnected):
        return BoltResponse(status=200, body="")
    log.error("slack_listener_failed", exc_info=error)
    return None
