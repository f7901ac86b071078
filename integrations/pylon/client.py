"""The one client of Pylon's REST API: it keeps every pause that Pylon asked for or that its headers announce.

A call that must wait, or whose failure will pass, raises a transient `StepFailed`. Limits are per organisation and
endpoint: https://docs.usepylon.com/pylon-docs/developer/api
"""

import math
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import NoReturn

import httpx

from core.adapter import Access, Pauses
from core.errors import NotJsonObject, StepFailed
from core.taming import JsonObject, Tame, parse_object

REGIONS = {"us": "https://api.usepylon.com", "eu": "https://api.eu.usepylon.com"}
TIMEOUT = httpx.Timeout(10.0, connect=5.0)
RATE_LIMIT_PAUSE_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 3600.0
TOKEN_REFUSED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)
_EPOCH_FROM = 10**9
"""``x-rate-limit-reset`` is seen as seconds from now and as seconds since 1970."""


@cache
def _trust() -> ssl.SSLContext:
    """Read once: it takes tens of milliseconds."""
    return httpx.create_ssl_context()


class PylonClient:
    """Calls by endpoint, which is a name for what shares a limit. It is safe to share between threads."""

    def __init__(self, api_url: str, pauses: Pauses) -> None:
        self._api_url = api_url.rstrip("/")
        self._pauses = pauses
        # Calls are rare (10 to 60 a minute are allowed), so no idle connection is worth keeping.
        self._http = httpx.Client(
            timeout=TIMEOUT,
            follow_redirects=False,
            limits=httpx.Limits(max_keepalive_connections=0),
            verify=_trust(),
        )

    def get(self, endpoint: str, path: str, access: Access, *, cursor: str | None = None) -> Tame:
        """The answer's object. Raises `StepFailed`: ``pylon_token_refused``, ``pylon_not_found`` or
        ``pylon_request_refused`` for good, ``pylon_rate_limited``, ``pylon_unavailable`` or ``pylon_unreachable``.
        """
        params = {"cursor": cursor} if cursor else None
        return self._call(endpoint, access, lambda host, sent: self._http.get(host + path, params=params, headers=sent))

    def post(self, endpoint: str, path: str, access: Access, body: JsonObject) -> Tame:
        """As `get`. Only for what changes nothing, or may be asked twice."""
        return self._call(endpoint, access, lambda host, sent: self._http.post(host + path, json=body, headers=sent))

    def _call(self, endpoint: str, access: Access, send: Callable[[str, dict[str, str]], httpx.Response]) -> Tame:
        if not (access.token.isascii() and access.token.isprintable() and access.token.strip()):
            access.told("pylon_token_refused")  # httpx would quote such a token in its error
            raise StepFailed("pylon_token_refused", permanent=True)
        if access.owner and (wait := self._pauses.remaining(access.owner, endpoint)):
            raise StepFailed("pylon_rate_limited", permanent=False, retry_after=wait)
        host = self._api_url or REGIONS.get(access.region or "us", REGIONS["us"])
        try:
            response = send(host, {"Authorization": f"Bearer {access.token}", "Accept": "application/json"})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise StepFailed("pylon_unreachable", permanent=False, message=type(error).__name__) from error
        if (pause := _announced(response)) and access.owner:
            self._pauses.pause(access.owner, endpoint, pause)
        if response.status_code != httpx.codes.OK:
            if response.status_code in TOKEN_REFUSED:
                access.told("pylon_token_refused")
            _refused(response)
        access.told(None)
        try:
            return Tame(parse_object(response.content))
        except NotJsonObject as error:
            raise StepFailed("pylon_unavailable", permanent=False, message="Pylon answered without JSON.") from error


def _announced(response: httpx.Response) -> float | None:
    """The seconds for which this endpoint is closed to the organisation, by what the answer says."""
    if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
        return _pause(response.headers) or RATE_LIMIT_PAUSE_SECONDS
    if response.headers.get("x-rate-limit-remaining", "").strip() == "0":
        return _seconds(response.headers.get("x-rate-limit-reset", ""), may_be_epoch=True)
    return None


def _refused(response: httpx.Response) -> NoReturn:
    message = f"Pylon answered {response.status_code}."
    match response.status_code:
        case 401 | 403:
            raise StepFailed("pylon_token_refused", permanent=True, message=message)
        case 404:
            raise StepFailed("pylon_not_found", permanent=True, message=message)
        case 429:
            pause = _announced(response)
            raise StepFailed("pylon_rate_limited", permanent=False, message=message, retry_after=pause)
        case status if 400 <= status < 500 and status != httpx.codes.REQUEST_TIMEOUT:
            raise StepFailed("pylon_request_refused", permanent=True, message=message)
        case _:
            raise StepFailed(
                "pylon_unavailable", permanent=False, message=message, retry_after=_pause(response.headers)
            )


def _pause(headers: httpx.Headers) -> float | None:
    """The seconds Pylon asks us to wait, within reason; None when it names none that can be read."""
    named = (_seconds(headers.get(name, "")) for name in ("x-retry-after", "retry-after"))
    return next(filter(None, named), None)


def _seconds(text: str, *, may_be_epoch: bool = False) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    if not math.isfinite(seconds):
        return None
    if may_be_epoch and seconds >= _EPOCH_FROM:
        seconds -= datetime.now(UTC).timestamp()  # Pylon's own clock, not ours to inject
    return min(max(seconds, 1.0), LONGEST_PAUSE_SECONDS)
