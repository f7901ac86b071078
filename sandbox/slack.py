"""A stand-in for Slack: its state, the events that it sends, and the faults that a test orders."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias
from urllib.parse import urlencode

import httpx
import msgspec

from core.clock import Clock, utc_now
from core.taming import JsonObject
from sandbox import slack_events
from sandbox.errors import NotInstalled
from sandbox.faults import Fault, Faults
from sandbox.loopback import loopback_client
from sandbox.slack_grants import Grants, Installation
from sandbox.slack_history import SlackHistory
from sandbox.slack_limits import Limits
from sandbox.slack_signing import signed_headers
from sandbox.slack_surfaces import Desktop, Screens
from sandbox.slack_world import SlackChannel, SlackTeam, SlackUser, SlackWorld

RETRY_WAITS = (0.0, 60.0, 300.0)
"""Seconds before Slack's three retries: https://docs.slack.dev/apis/events-api#retries"""
ANSWER_SECONDS = 3.0
REMEMBERED_CONTEXTS = 10_000

Farewell: TypeAlias = Literal["tokens_revoked", "app_uninstalled"]
FAREWELLS: tuple[Farewell, ...] = ("tokens_revoked", "app_uninstalled")
RetryReason: TypeAlias = Literal["http_timeout", "connection_failed", "http_error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackApp:
    """An app that this Slack has: its credentials, whether its tokens rotate, and where events go.

    ``redirect_urls`` empty accepts any; else a redirect URI equals one of them or sits below it.
    """

    client_id: str
    client_secret: str = field(repr=False)
    signing_secret: str = field(repr=False)
    api_app_id: str
    app_token: str = field(default="", repr=False)
    events_url: str = ""
    redirect_urls: tuple[str, ...] = ()
    rotation: bool = True


class SlackStandIn:
    """One Slack as one app meets it. With ``auto_approve`` consent is given at once, else a page asks. Further apps
    (`add_app`) share the world and the addresses; a client id or a token tells whose request it is.
    """

    def __init__(self, app: SlackApp, world: SlackWorld, *, auto_approve: bool = False, clock: Clock = utc_now) -> None:
        self.app = app
        self.world = world
        self.auto_approve = auto_approve
        self.declined_scopes: frozenset[str] = frozenset()
        """Optional scopes that whoever approves leaves out."""
        self.clock = clock
        self.grants = Grants(clock, rotation=app.rotation)
        self.history = SlackHistory()
        self.faults = Faults()
        self.limits = Limits(clock)
        self.outside: set[str] = set()
        """The ids of channels that the app is not in."""
        self.written: list[tuple[str, dict[str, str]]] = []
        self.screens = Screens(clock)
        self.before_answer: Callable[[str], object] = lambda _: None
        """Called with each Web API method after it was carried out: a test may hold the answer back here."""
        self._client = loopback_client(ANSWER_SECONDS)
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._contexts: OrderedDict[str, list[JsonObject]] = OrderedDict()
        self._last_ts = 0.0
        self._senders: list[threading.Thread] = []
        self.apps: list[SlackStandIn] = [self]
        self.socket_address: Callable[[SlackStandIn], str] | None = None

    def add_app(self, app: SlackApp) -> "SlackStandIn":
        """The same Slack as another app of it meets it."""
        other = SlackStandIn(app, self.world, auto_approve=self.auto_approve, clock=self.clock)
        other.history, other.faults, other.apps = self.history, self.faults, self.apps
        self.apps.append(other)
        return other

    def of_client(self, client_id: str) -> "SlackStandIn":
        """The app of this client id; this one when nobody has it, which then says so."""
        return next((each for each in self.apps if each.app.client_id == client_id), self)

    def of_token(self, token: str) -> "SlackStandIn":
        """The app whose bot token or app-level token this is; this one when nobody knows it."""
        known = (each for each in self.apps if token and (token == each.app.app_token or each.grants.issued(token)))
        return next(known, self)

    def send_events_to(self, url: str) -> None:
        """From now on events go to this address."""
        self.app = replace(self.app, events_url=url)

    def sign_with(self, signing_secret: str) -> None:
        """From now on requests are signed with this secret, as after somebody regenerated it."""
        self.app = replace(self.app, signing_secret=signing_secret)

    def give_app_token(self, app_token: str) -> None:
        """Somebody made an app-level token: with it the app may open sockets."""
        self.app = replace(self.app, app_token=app_token)

    def fail_next(
        self, method: str, *, error: str = "ratelimited", status: int = 429, retry_after: int | None = 2, times: int = 1
    ) -> None:
        """The next ``times`` calls of this Web API method fail; status 200 is an ``{"ok": false}`` without more."""
        self.faults.order(method, Fault(error, status, retry_after if status == 429 else None), times)

    def calls(self, method: str) -> int:
        """How often this Web API method was called, failures included."""
        with self._lock:
            return self._calls[method]

    def count_call(self, method: str) -> None:
        """Notes one call of this Web API method."""
        with self._lock:
            self._calls[method] += 1

    def next_ts(self) -> str:
        """A message's timestamp: now, and later than every other one."""
        with self._lock:
            self._last_ts = max(self.clock().timestamp(), self._last_ts + 0.00001)
            return f"{self._last_ts:.6f}"

    def event(self, event: JsonObject, *, team: SlackTeam) -> JsonObject:
        """Lets this happen and returns its envelope, addressed to the team's installation.

        Raises `NotInstalled` when the app is not there.
        """
        installation = self.grants.installation(team)
        if installation is None:
            raise NotInstalled("Slack sends events only to teams where the app is installed")
        self.history.take(event)
        return self._enveloped(event, installation)

    def authorizations(self, event_context: str) -> list[JsonObject] | None:
        """All installations that a recent event concerns; None for an unknown event context."""
        with self._lock:
            return self._contexts.get(event_context)

    def deliver(
        self, payload: JsonObject, *, retries: int = 0, wait: Callable[[float], object] = lambda _: None
    ) -> httpx.Response:
        """Sends a signed event to the app and returns the last answer.

        Up to ``retries`` (at most 3) repeats follow anything but a 2xx, as Slack does, after ``wait(seconds)``;
        ``x-slack-no-retry: 1`` on the answer stops them. Raises `httpx.TransportError` when the last try got no answer.
        """
        body = msgspec.json.encode(payload)
        attempt, reason, last = 0, None, min(retries, len(RETRY_WAITS))
        while True:
            outcome = self._post(body, attempt, reason)
            if isinstance(outcome, httpx.Response):
                if outcome.is_success or attempt == last or outcome.headers.get("x-slack-no-retry") == "1":
                    return outcome
            elif attempt == last:
                raise outcome
            reason = _reason(outcome)
            wait(RETRY_WAITS[attempt])
            attempt += 1

    def desktop(self, user: SlackUser, *, place: SlackTeam) -> Desktop:
        """What this person can do with the app that is installed in ``place``."""
        return Desktop(user, place, self.app.api_app_id, self.screens)

    def interact(self, form: Mapping[str, str]) -> httpx.Response:
        """Sends what somebody did, signed, as a form; Slack never repeats those. The address is that of the events."""
        body = urlencode(form).encode()
        headers = signed_headers(self.app.signing_secret, body, timestamp=int(self.clock().timestamp()))
        headers["content-type"] = "application/x-www-form-urlencoded"
        return self._client.post(self.app.events_url, content=body, headers=headers)

    def posted(self) -> list[tuple[str, dict[str, str]]]:
        """Everything that the app wrote where more than one person may read it, ephemeral messages included."""
        return [
            (method, shown)
            for method, shown in self.written
            if method.startswith("chat.") and not shown.get("channel", "").startswith(("U", "D"))
        ]

    def uninstall(self, team: SlackTeam, *, order: Sequence[Farewell] = FAREWELLS) -> None:
        """Somebody removes the app: every token dies, and the two events go out (see `drain`), in this order."""
        installation = self.grants.installation(team)
        if installation is None:
            return
        self.grants.uninstall(installation)
        events = {
            "tokens_revoked": slack_events.tokens_revoked(bot_user_ids=(installation.bot_user_id,)),
            "app_uninstalled": slack_events.app_uninstalled(),
        }
        farewells = [self._enveloped(events[name], installation) for name in order]
        sender = threading.Thread(target=self._send_all, args=(farewells,), daemon=True)
        self._senders.append(sender)
        sender.start()

    def drain(self, seconds: float = 5.0) -> None:
        """Waits until the events that Slack sends by itself are out."""
        for sender in self._senders:
            sender.join(seconds)

    def _enveloped(self, event: JsonObject, installation: Installation) -> JsonObject:
        channel = self.world.channel(str(event.get("channel")))
        payload = slack_events.event_callback(
            event,
            installation,
            api_app_id=self.app.api_app_id,
            event_time=int(self.clock().timestamp()),
            is_ext_shared=channel is not None and channel.is_ext_shared,
        )
        concerned = self._concerned(channel) or [installation]
        with self._lock:
            self._contexts[str(payload["event_context"])] = [slack_events.authorization(each) for each in concerned]
            while len(self._contexts) > REMEMBERED_CONTEXTS:
                self._contexts.popitem(last=False)
        return payload

    def _concerned(self, channel: SlackChannel | None) -> list[Installation]:
        teams = [self.world.team(team_id) for team_id in channel.team_ids] if channel else []
        found = [self.grants.installation(team) for team in teams if team]
        return [installation for installation in found if installation]

    def _send_all(self, payloads: list[JsonObject]) -> None:
        for payload in payloads:
            try:
                self.deliver(payload, retries=1)
            except httpx.HTTPError:
                continue  # as in life: an app that does not answer never hears of it

    def _post(self, body: bytes, attempt: int, reason: RetryReason | None) -> httpx.Response | httpx.TransportError:
        headers = signed_headers(self.app.signing_secret, body, timestamp=int(self.clock().timestamp()))
        if attempt:
            headers |= {"x-slack-retry-num": str(attempt), "x-slack-retry-reason": reason or "http_error"}
        try:
            return self._client.post(self.app.events_url, content=body, headers=headers)
        except httpx.TransportError as error:
            return error


def _reason(outcome: httpx.Response | httpx.TransportError) -> RetryReason:
    if isinstance(outcome, httpx.Response):
        return "http_error"
    return "http_timeout" if isinstance(outcome, httpx.TimeoutException) else "connection_failed"
