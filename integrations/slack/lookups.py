"""What Slack's Web API tells when it is asked: who may see an event, and who and what users, teams and channels are."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from core.adapter import Access, LookupClient, Pauses
from core.errors import StepFailed
from core.signal import Lookup
from core.taming import JsonObject, JsonValue
from integrations.slack.client import SlackCalls, SlackClient
from integrations.slack.envelope import read_account
from integrations.slack.message_lookup import find_message, find_person

PAGE = 1000
MAX_PAGES = 50


def lookup_client(api_url: str, pauses: Pauses) -> LookupClient:
    """The client for Slack's Web API below ``api_url``. It is safe to share between threads."""
    return SlackLookups(SlackClient(api_url, pauses))


class SlackLookups:
    """Implements `core.adapter.LookupClient`."""

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls

    def fetch(self, lookup: Lookup, access: Access) -> JsonObject:
        """See `KINDS`. Raises `StepFailed` as `SlackCalls.call` does, and ``slack_lookup_unknown``."""
        if (ask := KINDS.get(lookup.kind)) is None:
            raise StepFailed("slack_lookup_unknown", permanent=True)
        return ask(self._calls, lookup.key, access)


def _audience(calls: SlackCalls, context: str, access: Access) -> JsonObject:
    """``{"accounts": [{"enterprise_id", "team_id"}, …]}``: the installations that the event of this context concerns.

    Only the app-level token may ask: https://docs.slack.dev/reference/methods/apps.event.authorizations.list
    """
    accounts: dict[tuple[str | None, str | None], JsonValue] = {}
    cursor, seen = None, set[str]()
    for _ in range(MAX_PAGES):
        page = calls.call("apps.event.authorizations.list", access, event_context=context, limit=PAGE, cursor=cursor)
        for account in filter(None, map(read_account, page.objects("authorizations"))):
            key = (account.enterprise_id, account.team_id)
            accounts[key] = {"enterprise_id": account.enterprise_id, "team_id": account.team_id}
        cursor = page.object("response_metadata").text("next_cursor")
        if cursor is None or cursor in seen:
            break
        seen.add(cursor)
    return {"accounts": [*accounts.values()]}


KINDS: Mapping[str, Callable[[SlackCalls, str, Access], JsonObject]] = MappingProxyType(
    {"audience": _audience, "message": find_message, "person": find_person}
)
"""Every kind of look-up that Slack answers."""
