"""Rate limits: so many requests per token, and so many wrong tokens per address, counted in this process's memory.

Answers say what is left: https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10
"""

import hashlib
import ipaddress
import math
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from flask import Flask, Response, current_app, g, request

from core.clock import Clock
from web.auth import caller
from web.errors import TryLater

_EXTENSION = "signalbox_limits"
MOST_KEYS = 10_000
"""Keys that are remembered at once; the longest unused are forgotten first."""


@dataclass(frozen=True, slots=True)
class Policy:
    """``quota`` requests at once, which come back evenly within ``window`` seconds."""

    name: str
    quota: int
    window: int

    @property
    def header(self) -> str:
        """Its value in ``RateLimit-Policy``."""
        return f'"{self.name}";q={self.quota};w={self.window}'


PER_TOKEN = Policy("token", quota=1200, window=60)
WRONG_TOKENS = Policy("wrong_tokens", quota=300, window=60)


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a policy's quota. ``wait`` is how long it takes until one more request is let through."""

    policy: Policy
    remaining: int
    full_in: int
    wait: int

    @property
    def header(self) -> str:
        """Its value in ``RateLimit``."""
        return f'"{self.policy.name}";r={self.remaining};t={self.full_in}'


class Buckets:
    """One token bucket per key: https://en.wikipedia.org/wiki/Token_bucket."""

    def __init__(self, policy: Policy, clock: Clock) -> None:
        self._policy, self._clock, self._lock = policy, clock, threading.Lock()
        self._levels: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def take(self, key: str) -> Left:
        """Takes one, if there is one; ``wait`` is 0 if there was."""
        with self._lock:
            level, now = self._level(key), self._clock()
            granted = level >= 1
            self._levels[key] = (level - granted, now)
            self._levels.move_to_end(key)
            while len(self._levels) > MOST_KEYS:
                self._levels.popitem(last=False)
        return self._left(level - granted, granted=granted)

    def look(self, key: str) -> Left:
        """What is left, without taking any; ``wait`` is 0 if there is one."""
        with self._lock:
            level = self._level(key)
        return self._left(level, granted=level >= 1)

    def _level(self, key: str) -> float:
        level, at = self._levels.get(key, (float(self._policy.quota), self._clock()))
        passed = max(0.0, (self._clock() - at).total_seconds())
        return min(float(self._policy.quota), level + passed * self._policy.quota / self._policy.window)

    def _left(self, level: float, *, granted: bool) -> Left:
        per_second = self._policy.quota / self._policy.window
        full_in = _whole((self._policy.quota - level) / per_second)
        wait = 0 if granted else max(1, _whole((1 - level) / per_second))
        return Left(self._policy, math.floor(level), full_in, wait)


class Limits:
    """The limits of one process."""

    def __init__(self, clock: Clock, per_token: Policy = PER_TOKEN, wrong_tokens: Policy = WRONG_TOKENS) -> None:
        self.tokens = Buckets(per_token, clock)
        self.strangers = Buckets(wrong_tokens, clock)
        self._proven: OrderedDict[str, None] = OrderedDict()

    def note_proven(self, credential: str) -> None:
        """Remembers that this header proved a token: wrong tokens from the same address do not keep it out."""
        self._proven[_digest(credential)] = None
        while len(self._proven) > MOST_KEYS:
            self._proven.popitem(last=False)

    def is_proven(self, credential: str) -> bool:
        """Whether this header proved a token before."""
        return _digest(credential) in self._proven


def limit_requests(app: Flask, limits: Limits) -> None:
    """From here on the app's API is limited."""
    app.extensions[_EXTENSION] = limits


def refuse_guessing() -> None:
    """Before a token is looked at: no more guesses from an address that sent too many wrong ones."""
    limits = _limits()
    if limits is None or limits.is_proven(request.headers.get("Authorization", "")):
        return
    left = limits.strangers.look(_address())
    if left.wait and "Authorization" in request.headers:
        raise TryLater("rate_limited", "Too many wrong tokens came from this address.", retry_after=left.wait)


def take_quota() -> None:
    """After the token was recognised: one request of its quota. Raises `TryLater` when there is none left."""
    limits = _limits()
    if limits is None:
        return
    limits.note_proven(request.headers.get("Authorization", ""))
    g.quota = left = limits.tokens.take(caller().token_id)
    if left.wait:
        raise TryLater("rate_limited", "This token has sent too many requests.", retry_after=left.wait)


def show_quota(response: Response) -> Response:
    """Says what is left, and counts wrong tokens."""
    limits, left = _limits(), cast("Left | None", g.get("quota"))
    if left is not None:
        response.headers["RateLimit-Policy"] = left.policy.header
        response.headers["RateLimit"] = left.header
    elif limits is not None and response.status_code == 401 and "Authorization" in request.headers:
        limits.strangers.take(_address())
    return response


def _limits() -> Limits | None:
    return cast("Limits | None", current_app.extensions.get(_EXTENSION))


def _address() -> str:
    """Who asks; one IPv6 network is one, since its addresses cost nothing."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return ""
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


def _whole(seconds: float) -> int:
    """Rounded up, but not for the noise of adding fractions."""
    return math.ceil(round(seconds, 6))


def _digest(credential: str) -> str:
    return hashlib.sha256(credential.encode("utf-8", "surrogatepass")).hexdigest()
