"""Surfaces for tests: over real rows and a stand-in's Web API, or over a desk that knows nobody."""

from collections.abc import Callable
from typing import cast

from core.adapter import Access, AccountKey
from core.desk import Visitor
from core.errors import StepFailed
from db import Database
from integrations.slack.afterwards import Work
from integrations.slack.asking import reaction_of
from integrations.slack.client import SlackClient
from integrations.slack.surfaces import Surfaces
from pipeline.tokens.access import StoredAccess
from tests.conftest import MemoryPauses, StillClock
from web.desk import StoredDesk

PUBLIC_URL = "https://signalbox.example.com"
NOWHERE = "http://127.0.0.1:9/"


class EmptyDesk(StoredDesk):
    """A desk that knows no connection."""

    def __init__(self) -> None:
        super().__init__(cast("Database", None), StillClock(), PUBLIC_URL, reaction_of)

    def visitor(self, slack_app_id: str, account: AccountKey, issuer: str, subject: str) -> Visitor | None:  # noqa: ARG002
        return None


def surfaces_over(
    database: Database, clock: StillClock, api_url: str = NOWHERE, later: Callable[[Work], None] | None = None
) -> Surfaces:
    desk = StoredDesk(database, clock, PUBLIC_URL, reaction_of)
    calls = SlackClient(api_url, MemoryPauses(), timeout_seconds=2)
    return Surfaces(desk, calls, StoredAccess(database), later or at_once)


def at_once(work: Work) -> None:
    """Does it before the answer."""
    work()


class NoAccess:
    """No integration has a token."""

    def access(self, integration_id: str) -> Access:  # noqa: ARG002
        raise StepFailed("token_missing", permanent=True)
