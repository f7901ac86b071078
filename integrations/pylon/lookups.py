"""Pylon's REST API, as far as look-ups need it: an issue, its messages, and whose token it is.

https://docs.usepylon.com/pylon-docs/developer/api
"""

import math
from typing import NoReturn
from urllib.parse import quote

import httpx

from core.adapter import Access, LookupClient, Pauses
from core.errors import NotJsonObject, StepFailed
from core.signal import Lookup
from core.taming import JsonObject, JsonValue, Tame, parse_object

REGIONS = {"us": "https://api.usepylon.com", "eu": "https://api.eu.usepylon.com"}
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
MAX_PAGES = 100
RATE_LIMIT_PAUSE_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 3600.0


def lookup_client(api_url: str, pauses: Pauses) -> LookupClient:
    """The client; ``api_url``, if any, takes the place of the region's host. It is safe to share between threads."""
    return _PylonLookups(api_url, pauses)


class _PylonLookups:
    def __init__(self, api_url: str, pauses: Pauses) -> None:
        self._api_url = api_url.rstrip("/")
        self._pauses = pauses
        # Calls are rare (10 to 60 a minute are allowed), so no idle connection is worth keeping.
        self._http = httpx.Client(
            timeout=TIMEOUT, follow_redirects=False, limits=httpx.Limits(max_keepalive_connections=0)
        )

    def fetch(self, lookup: Lookup, access: Access) -> JsonObject:
        """``issue``, ``account``, ``contact`` and ``me``: the object itself; ``messages`` and ``threads``:
        ``{"messages": […]}`` and ``{"threads": […]}``, all pages of them.

        Raises `StepFailed`, with Pylon's own pause when it asks for one; nothing is asked before that has passed.
        """
        if access.owner and (wait := self._pauses.remaining(access.owner, lookup.kind)):
            raise StepFailed("pylon_rate_limited", permanent=False, retry_after=wait)
        try:
            return self._ask(lookup, access)
        except StepFailed as failure:
            if access.owner and failure.reason == "pylon_rate_limited":
                self._pauses.pause(access.owner, lookup.kind, failure.retry_after or RATE_LIMIT_PAUSE_SECONDS)
            raise

    def _ask(self, lookup: Lookup, access: Access) -> JsonObject:
        key = quote(lookup.key, safe="").replace(".", "%2E")
        match lookup.kind:
            case "issue":
                return self._object(f"/issues/{key}", access)
            case "messages":
                return {"messages": self._list(f"/issues/{key}/messages", access)}
            case "threads":
                return {"threads": self._threads(f"/issues/{key}/threads", access)}
            case "account":
                return self._object(f"/accounts/{key}", access)
            case "contact":
                return self._object(f"/contacts/{key}", access)
            case "me":
                return self._object("/me", access)
            case _:
                raise StepFailed("pylon_lookup_unknown", permanent=True)

    def _object(self, path: str, access: Access) -> JsonObject:
        data = self._get(path, access, None).raw.get("data")
        if not isinstance(data, dict):
            raise StepFailed("pylon_unavailable", permanent=False, message="Pylon answered without data.")
        return data

    def _threads(self, path: str, access: Access) -> list[JsonValue]:
        """An organisation without internal threads may not have the route at all."""
        try:
            return self._list(path, access)
        except StepFailed as failure:
            if failure.reason in ("pylon_not_found", "pylon_request_refused"):
                return []
            raise

    def _list(self, path: str, access: Access) -> list[JsonValue]:
        """Every page's items. A cursor that comes back a second time would never end, so it ends the walk."""
        items: list[JsonValue] = []
        cursor, seen = None, set[str]()
        for _ in range(MAX_PAGES):
            page = self._get(path, access, cursor)
            data = page.raw.get("data")
            items += data if isinstance(data, list) else []
            pagination = page.object("pagination")
            cursor = pagination.text("cursor")
            if not pagination.flag("has_next_page") or cursor is None or cursor in seen:
                break
            seen.add(cursor)
        return items

    def _get(self, path: str, access: Access, cursor: str | None) -> Tame:
        if not (access.token.isascii() and access.token.isprintable() and access.token.strip()):
            raise StepFailed("pylon_token_refused", permanent=True)  # httpx would quote such a token in its error
        host = self._api_url or REGIONS.get(access.region or "us", REGIONS["us"])
        try:
            response = self._http.get(
                host + path,
                params={"cursor": cursor} if cursor else None,
                headers={"Authorization": f"Bearer {access.token}", "Accept": "application/json"},
            )
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise StepFailed("pylon_unreachable", permanent=False, message=type(error).__name__) from error
        if response.status_code != httpx.codes.OK:
            _refused(response)
        try:
            return Tame(parse_object(response.content))
        except NotJsonObject as error:
            raise StepFailed("pylon_unavailable", permanent=False, message="Pylon answered without JSON.") from error


def _refused(response: httpx.Response) -> NoReturn:
    message = f"Pylon answered {response.status_code}."
    match response.status_code:
        case 401 | 403:
            raise StepFailed("pylon_token_refused", permanent=True, message=message)
        case 404:
            raise StepFailed("pylon_not_found", permanent=True, message=message)
        case 429:
            pause = _pause(response.headers) or RATE_LIMIT_PAUSE_SECONDS
            raise StepFailed("pylon_rate_limited", permanent=False, message=message, retry_after=pause)
        case status if 400 <= status < 500 and status != httpx.codes.REQUEST_TIMEOUT:
            raise StepFailed("pylon_request_refused", permanent=True, message=message)
        case _:
            raise StepFailed(
                "pylon_unavailable", permanent=False, message=message, retry_after=_pause(response.headers)
            )


def _pause(headers: httpx.Headers) -> float | None:
    """The seconds Pylon asks us to wait, within reason; None when it names none that can be read."""
    for name in ("x-retry-after", "retry-after"):
        try:
            seconds = float(headers.get(name, "nan"))
        except ValueError:
            continue
        if math.isfinite(seconds):
            return min(max(seconds, 1.0), LONGEST_PAUSE_SECONDS)
    return None
