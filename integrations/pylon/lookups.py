"""What Pylon's REST API tells of an issue, its messages and threads, an account, a contact, and whose token it is.

https://docs.usepylon.com/pylon-docs/developer/api
"""

from urllib.parse import quote

from core.adapter import Access, LookupClient, Pauses
from core.errors import StepFailed
from core.signal import Lookup
from core.taming import JsonObject, JsonValue, Tame, bounded
from integrations.pylon.client import PylonClient

MAX_PAGES = 100
NAME_CHARACTERS = 500


def lookup_client(api_url: str, pauses: Pauses) -> LookupClient:
    """The client; ``api_url``, if any, takes the place of the region's host. It is safe to share between threads."""
    return _PylonLookups(PylonClient(api_url, pauses))


class _PylonLookups:
    def __init__(self, client: PylonClient) -> None:
        self._client = client

    def fetch(self, lookup: Lookup, access: Access) -> JsonObject:
        """``issue`` and ``me``: the object itself; ``account``: ``{"name"}``; ``contact``: ``{"name", "email",
        "slack_user_ids"}``; ``messages`` and ``threads``: ``{"messages": […]}`` and ``{"threads": […]}``, all pages.

        Raises `StepFailed`, with Pylon's own pause when it asks for one; nothing is asked before that has passed.
        """
        key = quote(lookup.key, safe="").replace(".", "%2E")
        match lookup.kind:
            case "issue":
                return self._object("issue", f"/issues/{key}", access)
            case "account":
                return _named(Tame(self._object("account", f"/accounts/{key}", access)))
            case "contact":
                return _contact(Tame(self._object("contact", f"/contacts/{key}", access)))
            case "me":
                return self._object("me", "/me", access)
            case "messages":
                return {"messages": self._list("messages", f"/issues/{key}/messages", access)}
            case "threads":
                return {"threads": self._threads(f"/issues/{key}/threads", access)}
            case _:
                raise StepFailed("pylon_lookup_unknown", permanent=True)

    def _object(self, endpoint: str, path: str, access: Access) -> JsonObject:
        data = self._client.get(endpoint, path, access).raw.get("data")
        if not isinstance(data, dict):
            raise StepFailed("pylon_unavailable", permanent=False, message="Pylon answered without data.")
        return data

    def _threads(self, path: str, access: Access) -> list[JsonValue]:
        """An organisation without internal threads may not have the route at all."""
        try:
            return self._list("threads", path, access)
        except StepFailed as failure:
            if failure.reason in ("pylon_not_found", "pylon_request_refused"):
                return []
            raise

    def _list(self, endpoint: str, path: str, access: Access) -> list[JsonValue]:
        """Every page's items. A cursor that comes back a second time would never end, so it ends the walk."""
        items: list[JsonValue] = []
        cursor, seen = None, set[str]()
        for _ in range(MAX_PAGES):
            page = self._client.get(endpoint, path, access, cursor=cursor)
            data = page.raw.get("data")
            items += data if isinstance(data, list) else []
            pagination = page.object("pagination")
            cursor = pagination.text("cursor")
            if not pagination.flag("has_next_page") or cursor is None or cursor in seen:
                break
            seen.add(cursor)
        return items


def _named(raw: Tame) -> JsonObject:
    name = raw.text("name")
    return {"name": name[:NAME_CHARACTERS]} if name else {}


def _contact(raw: Tame) -> JsonObject:
    """No more of a person than is needed to recognise them in Slack."""
    users = [each.text("id") for each in raw.objects("integration_user_ids") if each.text("source") == "slack"]
    told: JsonObject = {"email": raw.text("email"), "slack_user_ids": [bounded(user) for user in users if user]}
    return _named(raw) | {name: value for name, value in told.items() if value}
