"""A stand-in for Pylon: its objects, and the triggers that call a webhook."""

import json
import secrets
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx
import msgspec

from core.clock import Clock, utc_now
from core.signatures import hmac_sha256_hex
from core.taming import JsonObject, JsonValue
from sandbox.errors import SandboxError
from sandbox.faults import Fault, Faults
from sandbox.loopback import loopback_client
from sandbox.pylon_budget import Budget
from sandbox.pylon_objects import opened_issue, rfc3339

ANSWER_SECONDS = 5.0
FIRST_NUMBER = 1001


@dataclass(frozen=True, slots=True)
class PylonWebhook:
    """What the admin types into Pylon's settings: the URL and one custom header."""

    url: str
    header_name: str | None = None
    header_value: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call of the API and its answer; ``path`` as Pylon documents it, ``query`` the parameters' names."""

    method: str
    path: str
    query: frozenset[str]
    sent: JsonValue
    status: int
    answer: JsonValue


class PylonStandIn:
    """One Pylon organisation with one API token.

    ``delivered`` holds what was sent to customers on a request; ``app_secret`` signs the requests of a Custom App.
    ``signing_secret`` is what Pylon shows when the webhook is made: every trigger is signed under it, whether or
    not anybody copied it. None sends triggers without a signature.
    """

    judge: Callable[[Exchange], None] | None = None
    """Told of every exchange, such as by tests that have Pylon's own document at hand."""

    def __init__(self, name: str, *, token: str = "", clock: Clock = utc_now) -> None:
        self.organisation: JsonObject = {"id": str(uuid.uuid4()), "name": name}
        self.token = token or f"pylon_api_{secrets.token_hex(32)}"
        self.signing_secret: str | None = secrets.token_hex(32)
        self.webhook: PylonWebhook | None = None
        self.clock = clock
        self.faults = Faults()
        self.budget = Budget(clock)
        self.delivered: list[JsonObject] = []
        self.app_secret = secrets.token_hex(32)
        self._client = loopback_client(ANSWER_SECONDS)
        self._lock = threading.Lock()
        self._next_number = FIRST_NUMBER
        self._accounts: dict[str, JsonObject] = {}
        self._contacts: dict[str, JsonObject] = {}
        self._issues: dict[str, JsonObject] = {}
        self._messages: dict[str, list[JsonObject]] = {}
        self._threads: dict[str, list[JsonObject]] = {}

    def fail_next(
        self,
        endpoint: str,
        *,
        code: str = "rate_limited",
        status: int = 429,
        retry_after: int | None = 2,
        times: int = 1,
    ) -> None:
        """The next ``times`` calls of this endpoint fail.

        Endpoints are ``me``, ``issue``, ``messages``, ``threads``, ``search``,
        ``accounts``, ``account`` and ``contact``.
        """
        self.faults.order(endpoint, Fault(code, status, retry_after if status == 429 else None), times)

    def next_number(self) -> int:
        """The number of the next issue."""
        with self._lock:
            self._next_number += 1
            return self._next_number - 1

    def add_account(self, account: JsonObject) -> JsonObject:
        """Keeps an account and returns it."""
        return self._keep(self._accounts, account)

    def add_contact(self, contact: JsonObject) -> JsonObject:
        """Keeps a contact and returns it."""
        return self._keep(self._contacts, contact)

    def add_issue(self, issue: JsonObject) -> JsonObject:
        """Keeps an issue (no trigger fires by itself) and returns it."""
        return self._keep(self._issues, issue)

    def open_issue(
        self, title: str, body_html: str, *, account: JsonObject | None, email: str | None, destination: str
    ) -> JsonObject:
        """Makes an issue as the API does, and delivers its body to the customer unless it is internal."""
        opened = opened_issue(self.next_number(), title, body_html, of_account=account, email=email, at=self.clock())
        if destination != "internal":
            self.delivered.append({"destination": destination, "body_html": body_html, "issue_id": opened["id"]})
        return self.add_issue(opened)

    def ask_custom_app(self, **query: str) -> httpx.Response:
        """Calls the Custom App as Pylon does: the webhook's address with ``/app``, its header, the query signed as Go
        writes it. Raises `SandboxError` when no webhook is set up.
        """
        if self.webhook is None:
            raise SandboxError("Pylon has no webhook yet: set `webhook` first")
        text = json.dumps({name: [query[name]] for name in sorted(query)}, ensure_ascii=False, separators=(",", ":"))
        for character in "<>&\u2028\u2029":
            text = text.replace(character, f"\\u{ord(character):04x}")
        headers = {"X-Pylon-Signature": hmac_sha256_hex(self.app_secret, text.encode())}
        if self.webhook.header_name:
            headers[self.webhook.header_name] = self.webhook.header_value
        return self._client.get(f"{self.webhook.url}/app", params=query, headers=headers)

    def add_message(self, issue_id: str, message: JsonObject) -> JsonObject:
        """Adds a message to an issue, which thereby changes."""
        now = rfc3339(self.clock())
        with self._lock:
            self._messages.setdefault(issue_id, []).append(message)
            changed: JsonObject = {"updated_at": now, "latest_message_time": message["timestamp"]}
            self._issues[issue_id] = self._issues[issue_id] | changed
        return message

    def add_thread(self, issue_id: str, channel_id: str, thread_ts: str) -> JsonObject:
        """Opens an internal thread about an issue in one of our own Slack channels."""
        thread: JsonObject = {
            "id": str(uuid.uuid4()), "issue_id": issue_id, "name": "Internal", "source": "slack",
            "channel_id": channel_id, "thread_id": thread_ts,
        }  # fmt: skip
        with self._lock:
            self._threads.setdefault(issue_id, []).append(thread)
        return thread

    def redact_message(self, issue_id: str, message_id: str) -> None:
        """Takes the words of a message; its place remains."""
        self._replace(issue_id, message_id, {"message_html": "<p>[redacted]</p>", "file_urls": []})

    def delete_message(self, issue_id: str, message_id: str) -> None:
        """Takes a message away."""
        self._replace(issue_id, message_id, None)

    def _replace(self, issue_id: str, message_id: str, changes: JsonObject | None) -> None:
        now = rfc3339(self.clock())
        with self._lock:
            kept = [m for m in self._messages[issue_id] if m["id"] != message_id or changes is not None]
            self._messages[issue_id] = [m | (changes or {}) if m["id"] == message_id else m for m in kept]
            self._issues[issue_id] = self._issues[issue_id] | {"updated_at": now}

    def change_issue(self, issue_id: str, changes: JsonObject) -> JsonObject:
        """Changes fields of an issue, such as its state, and returns it."""
        changed: JsonObject = {**changes, "updated_at": rfc3339(self.clock())}
        with self._lock:
            self._issues[issue_id] = self._issues[issue_id] | changed
            return self._issues[issue_id]

    def issue(self, ref: str) -> JsonObject | None:
        """The issue of this id or number."""
        with self._lock:
            by_number = (issue for issue in self._issues.values() if str(issue["number"]) == ref)
            return self._issues.get(ref) or next(by_number, None)

    def issues(self) -> list[JsonObject]:
        """All issues, the last changed first."""
        with self._lock:
            return sorted(self._issues.values(), key=lambda issue: str(issue["updated_at"]), reverse=True)

    def messages(self, issue_id: str) -> list[JsonObject]:
        """The messages of an issue, internal notes included, in their order."""
        with self._lock:
            return list(self._messages.get(issue_id, ()))

    def threads(self, issue_id: str) -> list[JsonObject]:
        """The internal threads of an issue."""
        with self._lock:
            return list(self._threads.get(issue_id, ()))

    def accounts(self) -> list[JsonObject]:
        """All accounts."""
        with self._lock:
            return list(self._accounts.values())

    def account(self, ref: str) -> JsonObject | None:
        """The account of this id or external id."""
        with self._lock:
            return self._accounts.get(ref) or next((a for a in self._accounts.values() if ref in _external(a)), None)

    def contact(self, contact_id: str) -> JsonObject | None:
        """The contact of this id."""
        with self._lock:
            return self._contacts.get(contact_id)

    def send_trigger(self, body: Mapping[str, object] | bytes) -> httpx.Response:
        """Calls the webhook as a trigger does: the admin's template, the custom header, the signature over the body.

        Bytes go out as they are, for templates that are no JSON. Raises `SandboxError` when no webhook is set up.
        """
        if self.webhook is None:
            raise SandboxError("Pylon has no webhook yet: set `webhook` first")
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        headers = {"content-type": "application/json", "user-agent": "Pylon"}
        if self.webhook.header_name:
            headers[self.webhook.header_name] = self.webhook.header_value
        if self.signing_secret is not None:
            headers["X-Pylon-Signature"] = hmac_sha256_hex(self.signing_secret, content)
        return self._client.post(self.webhook.url, content=content, headers=headers)

    def _keep(self, table: dict[str, JsonObject], kept: JsonObject) -> JsonObject:
        with self._lock:
            table[str(kept["id"])] = kept
        return kept


def _external(account: JsonObject) -> set[str]:
    ids = account.get("external_ids")
    return {str(item["external_id"]) for item in ids if isinstance(item, dict)} if isinstance(ids, list) else set()
