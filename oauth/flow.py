"""Add to Slack: Bolt's OAuth flow with our states, our rows and our pages behind its hooks.

Rules: https://docs.slack.dev/authentication/installing-with-oauth
"""

from collections.abc import Sequence
from urllib.parse import urlencode

from slack_bolt.oauth import OAuthFlow
from slack_bolt.oauth.callback_options import CallbackOptions, FailureArgs, SuccessArgs
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_bolt.request import BoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.oauth.installation_store import Installation
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock
from core.digests import Digester
from core.errors import SignalboxError
from core.logs import get_logger
from core.settings import Settings
from core.slack_logs import slack_logger
from db import Database
from oauth.authorize import IntegrationsAuthorize
from oauth.browser import BrowserBinding, BrowserCookie
from oauth.exchange import exchange, slack_client
from oauth.installation_store import IntegrationInstallationStore
from oauth.intent import InstallIntent
from oauth.pages import InstallPages, Page
from oauth.slack_apps import AppCredentials
from oauth.state_store import InstallStateStore, intent_of
from pipeline.tokens.access import StoredAccess

log = get_logger()

INTENT = "install_intent"
"""Where a request's context holds its `InstallIntent`."""


class SignalboxOAuthFlow(OAuthFlow):
    """The flow of one Slack app. Bolt decides the order of the checks; what they mean is decided here."""

    def __init__(
        self,
        app: AppCredentials,
        *,
        settings: Settings,
        database: Database,
        digester: Digester,
        clock: Clock,
        bot_scopes: Sequence[str],
    ) -> None:
        self._app = app
        self._database = database
        self._digester = digester
        self._clock = clock
        self._states = InstallStateStore(database, digester, clock, slack_app_id=app.id)
        self._installations = IntegrationInstallationStore(database, clock, slack_app_id=app.id)
        self._cookie = BrowserCookie(settings.public_url)
        self._pages = InstallPages(settings.public_url)
        super().__init__(
            client=slack_client(settings.slack_api_url),
            logger=slack_logger(),
            settings=self._oauth_settings(settings, bot_scopes),
        )

    def _oauth_settings(self, settings: Settings, bot_scopes: Sequence[str]) -> OAuthSettings:
        """Everything is named: what is left out, Bolt reads from SLACK_* variables or keeps in the home folder."""
        made = OAuthSettings(
            client_id=self._app.client_id,
            client_secret=self._app.client_secret,
            scopes=list(bot_scopes),
            user_scopes=[],
            redirect_uri=f"{settings.public_url}/slack/oauth_redirect",
            authorization_url=settings.slack_authorize_url,
            callback_options=CallbackOptions(success=self._succeed, failure=self._fail),
            installation_store=self._installations,
            installation_store_bot_only=True,
            state_store=self._states,
            logger=slack_logger(),
        )
        made.state_utils = BrowserBinding(self._cookie, self._states)
        made.authorize = IntegrationsAuthorize(self._database, StoredAccess(self._database), self._app.id)
        return made

    def handle_installation(self, request: BoltRequest) -> BoltResponse:
        """Off to Slack, with a state and the browser's cookie. The request's context holds the intent."""
        browser = self._cookie.value_for(request.headers)
        request.context[BROWSER] = browser
        url = self.build_authorize_url(self.issue_new_state(request), request)
        headers = {"Location": url, "Set-Cookie": self._cookie.set(browser)}
        return BoltResponse(status=302, body="", headers={**InstallPages.HEADERS, **headers})

    def issue_new_state(self, request: BoltRequest) -> str:
        """A state for the intent, bound to the browser."""
        intent: InstallIntent = request.context[INTENT]
        return self._states.issue(intent, request.context[BROWSER])

    def build_authorize_url(self, state: str, request: BoltRequest) -> str:  # noqa: ARG002  # Bolt's signature
        """Slack's consent page. Bolt's own generator does not encode what it puts into the URL."""
        query = {
            "client_id": self.settings.client_id,
            "scope": ",".join(self.settings.scopes or ()),
            "user_scope": "",
            "redirect_uri": self.settings.redirect_uri,
            "state": state,
        }
        joint = "&" if "?" in self.settings.authorization_url else "?"
        return self.settings.authorization_url + joint + urlencode(query)

    def handle_callback(self, request: BoltRequest) -> BoltResponse:
        """Back from Slack: always a page, whatever came and whatever failed."""
        try:
            return super().handle_callback(request)
        except SignalboxError as refusal:
            return _response(self._pages.failure(refusal.reason))
        except SQLAlchemyError:
            log.exception("install_not_stored", slack_app_id=self._app.id)
            return _response(self._pages.failure("storage_error"))

    def run_installation(self, code: str) -> Installation:
        """Code for tokens; see `oauth.exchange.exchange`."""
        redirect_uri = self.settings.redirect_uri or ""
        return exchange(self.client, self._app, code=code, redirect_uri=redirect_uri, now=self._clock())

    def store_installation(self, request: BoltRequest, installation: Installation) -> None:
        """Connects the team to the workspace that the state was issued for."""
        state = next(iter(request.query.get("state", ())), "")
        intent = intent_of(self._database, self._digester, state)
        if intent is None:
            raise SignalboxError("invalid_state", "This installation was not begun here.")
        self._installations.keep(intent, installation)

    def _succeed(self, args: SuccessArgs) -> BoltResponse:
        return _response(self._pages.success(args.installation))

    def _fail(self, args: FailureArgs) -> BoltResponse:
        if "error" in args.request.query:  # then the reason is only what came in the URL
            return _response(self._pages.refused_by_slack(args.reason))
        return _response(self._pages.failure(args.reason))


BROWSER = "install_browser"
"""Where a request's context holds the browser's secret while a state is issued."""


def _response(page: Page) -> BoltResponse:
    return BoltResponse(status=page.status, body=page.html, headers=dict(page.headers))
