"""Who may add which Slack app to which workspace, and the two doors of doing it: the way out and the way back."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

from slack_bolt.request import BoltRequest
from slack_bolt.response import BoltResponse
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.clock import Clock
from core.digests import Digester
from core.errors import SignalboxError, Unauthenticated
from core.logs import get_logger
from core.settings import Settings
from core.taming import clean
from db import Database
from oauth.flow import INTENT, SignalboxOAuthFlow
from oauth.intent import InstallIntent, require_installer
from oauth.pages import InstallPages, Page
from oauth.slack_apps import choose_app, credentials
from oauth.state_store import intent_of
from oauth.tickets import Tickets

log = get_logger()


@dataclass(frozen=True, slots=True)
class Visit:
    """What a browser brings to one of the two routes: the query's first values, and its Cookie header."""

    query: Mapping[str, str] = field(repr=False)
    cookie: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser gets."""

    status: int
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: str = field(repr=False)


class Installer:
    """Add to Slack for every app of this server."""

    def __init__(
        self, *, settings: Settings, database: Database, digester: Digester, clock: Clock, bot_scopes: Sequence[str]
    ) -> None:
        self._settings = settings
        self._database = database
        self._digester = digester
        self._clock = clock
        self._bot_scopes = tuple(bot_scopes)
        self._tickets = Tickets(digester, clock)
        self._pages = InstallPages(settings.public_url)

    def create_ticket(
        self, session: Session | None = None, *, workspace_id: str, user_id: str, slack_app_id: str | None = None
    ) -> str:
        """A link that adds the app on this person's behalf, once and within the hour. With a session it is part of
        that transaction.

        Raises `Forbidden` for who is neither owner nor admin, `NotFound` and ``slack_app_missing`` for the app.
        """
        if session is None:
            with self._database.write() as own:
                return self.create_ticket(own, workspace_id=workspace_id, user_id=user_id, slack_app_id=slack_app_id)
        require_installer(session, workspace_id=workspace_id, user_id=user_id)
        app = choose_app(session, workspace_id=workspace_id, slack_app_id=slack_app_id)
        ticket = self._tickets.issue(session, workspace_id=workspace_id, user_id=user_id, slack_app_id=app.id)
        return f"{self._settings.public_url}/slack/install?{urlencode({'ticket': ticket})}"

    def flow(self, slack_app_id: str) -> SignalboxOAuthFlow:
        """The OAuth flow of this app. Raises ``slack_app_missing`` when it is gone or incomplete."""
        return SignalboxOAuthFlow(
            credentials(self._database, slack_app_id),
            settings=self._settings,
            database=self._database,
            digester=self._digester,
            clock=self._clock,
            bot_scopes=self._bot_scopes,
        )

    def start(self, visit: Visit, *, user_id: str | None, workspace_id: str, slack_app_id: str | None = None) -> Answer:
        """Off to Slack for a signed-in owner or admin of the workspace; else a page that says what is missing."""

        def begin() -> BoltResponse:
            if user_id is None:
                raise Unauthenticated("sign_in_required", "Sign in first.")
            workspace, named = clean(workspace_id), clean(slack_app_id) if slack_app_id else None
            with self._database.read() as session:
                require_installer(session, workspace_id=workspace, user_id=user_id)
                app = choose_app(session, workspace_id=workspace, slack_app_id=named)
            return self._begin(visit, InstallIntent(workspace, user_id, app.id))

        return self._answer(begin)

    def start_with_ticket(self, visit: Visit, ticket: str) -> Answer:
        """Off to Slack for whoever holds the ticket, in the name of its creator. The ticket is not used up yet."""

        def begin() -> BoltResponse:
            with self._database.read() as session:
                intent = self._tickets.find(session, ticket)
                require_installer(session, workspace_id=intent.workspace_id, user_id=intent.user_id)
            return self._begin(visit, intent)

        return self._answer(begin)

    def finish(self, visit: Visit) -> Answer:
        """Back from Slack, for all apps: the state says which app, which workspace and who. A refusal needs none of
        them: it is shown, and nothing is used up.
        """
        if "error" in visit.query:
            return _shown(self._pages.refused_by_slack(visit.query["error"]))

        def end() -> BoltResponse:
            intent = intent_of(self._database, self._digester, visit.query.get("state", ""))
            if intent is None:
                raise Unauthenticated("invalid_state", "This was not begun here.")
            return self.flow(intent.slack_app_id).handle_callback(_request(visit))

        return self._answer(end)

    def _begin(self, visit: Visit, intent: InstallIntent) -> BoltResponse:
        request = _request(visit)
        request.context[INTENT] = intent
        return self.flow(intent.slack_app_id).handle_installation(request)

    def _answer(self, work: Callable[[], BoltResponse]) -> Answer:
        """The work's response, or the page of why it failed."""
        try:
            response = work()
            headers = tuple((name, value) for name, values in response.headers.items() for value in values)
            return Answer(response.status, headers, response.body)
        except SignalboxError as refusal:
            return _shown(self._pages.failure(refusal.reason))
        except SQLAlchemyError:
            log.exception("install_not_possible", reason="storage_error")
            return _shown(self._pages.failure("storage_error"))


def _shown(page: Page) -> Answer:
    return Answer(page.status, tuple(page.headers.items()), page.html)


def _request(visit: Visit) -> BoltRequest:
    return BoltRequest(body="", query=dict(visit.query), headers={"cookie": visit.cookie})
