"""Case files as values: what is asked of an adapter and what must come back (the format is in tests/cases.md)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import integrations
from core.adapter import (
    AccountKey,
    Adapter,
    Envelope,
    Findings,
    InboundRequest,
    ReceivedEvent,
    Recipient,
    Reshaping,
    Shared,
)
from core.signal import (
    Account,
    Asked,
    Author,
    Capture,
    ConversationKey,
    Decision,
    Ignored,
    Inventory,
    Lookup,
    Needs,
    Removal,
    Said,
    Topic,
    Write,
    Writes,
)

FOLDER = Path(integrations.__file__).parent
RECEIVED_AT = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
EVENT_ID = "evt_case"
"""The id of every case's event, which a platform may use when the sender names its words no other way."""


@dataclass(frozen=True)
class Case:
    """One file of a platform's ``cases`` folder."""

    platform: str
    name: str
    raw: Mapping[str, Any]

    @property
    def adapter(self) -> Adapter:
        return integrations.discover()[self.platform].adapter

    @property
    def body(self) -> bytes:
        request = self.raw["request"]
        if "raw" in request:
            return str(request["raw"]).encode()
        return json.dumps(request["body"], ensure_ascii=False).encode()

    @property
    def request(self) -> InboundRequest:
        headers = {name.lower(): value for name, value in self.raw["request"].get("headers", {}).items()}
        return InboundRequest(headers, self.body, self.received_at)

    @property
    def stored(self) -> InboundRequest:
        """The request as it is read again from the database: without headers."""
        return InboundRequest({}, self.body, self.received_at)

    @property
    def received_at(self) -> datetime:
        return _moment(self.raw["received_at"]) if "received_at" in self.raw else RECEIVED_AT

    @property
    def recipient(self) -> Recipient:
        fields = {"workspace_id": "ws_1", **self.raw.get("recipient", {})}
        return Recipient(**{**fields, "account": AccountKey(**fields.get("account", {}))})

    @property
    def findings(self) -> Findings:
        return {Lookup(item["kind"], item["key"]): item["finding"] for item in self.raw.get("findings", [])}

    @property
    def envelope(self) -> Envelope:
        fields = dict(self.raw["envelope"])
        accounts = tuple(AccountKey(**account) for account in fields.pop("accounts", []))
        if shared := fields.pop("shared", None):
            fields["shared"] = Shared(**shared)
        if reshaping := fields.pop("reshaping", None):
            fields["reshaping"] = Reshaping(tuple(reshaping["places"]), reshaping.get("member"))
        return Envelope(**fields, accounts=accounts)

    @property
    def decision(self) -> Decision:
        match self.raw["decision"]:
            case {"ignored": str(reason)}:
                told = self.raw["decision"]
                return Ignored(reason, _lookups(told.get("hinges_on", [])), _said(told.get("said")))
            case {"needs": [*lookups]}:
                return Needs(tuple(Lookup(**lookup) for lookup in lookups), self.raw["decision"].get("after", 0.0))
            case {"writes": [*writes]}:
                told = self.raw["decision"]
                return Writes(
                    tuple(_write(write) for write in writes),
                    topics=tuple(_topic(topic) for topic in told.get("topics", [])),
                    inventories=tuple(_inventory(inventory) for inventory in told.get("inventories", [])),
                    reason=self.raw["decision"].get("reason"),
                    hinges_on=_lookups(self.raw["decision"].get("hinges_on", [])),
                )
        raise ValueError(f"{self.platform}/{self.name}: its decision is none of ignored, needs, writes")

    @property
    def refused(self) -> list[str] | None:
        """The fields that must be named, sorted; None when the request is to be accepted."""
        fields = self.raw.get("decision", {}).get("refused")
        return None if fields is None else sorted(fields)

    def event(self, event_type: str, body: bytes | None = None) -> ReceivedEvent:
        """The stored event, of this type, perhaps with another body."""
        payload = self.body if body is None else body
        return ReceivedEvent(EVENT_ID, self.platform, event_type, payload, self.received_at)


def case_files(platform: str) -> list[Path]:
    return sorted((FOLDER / platform / "cases").glob("*.json"))


def load(platform: str, path: Path) -> Case:
    return Case(platform, path.stem, json.loads(path.read_text(encoding="utf-8")))


def all_cases() -> list[Case]:
    return [load(platform, path) for platform in integrations.discover() for path in case_files(platform)]


def _write(raw: Mapping[str, Any]) -> Write:
    ((kind, fields),) = raw.items()
    times = {name: _moment(fields[name]) for name in ("occurred_at", "edited_at", "deleted_at") if fields.get(name)}
    if kind == "removal":
        return Removal(**{**fields, **times, "conversation": _keys(fields.get("conversation", []))})
    return Capture(
        **{
            **fields,
            **times,
            "author": Author(**fields.get("author", {})),
            "account": Account(**fields.get("account", {})),
            "conversation": _keys(fields.get("conversation", [])),
            "tags": tuple(fields.get("tags", [])),
            "wants": _lookups(fields.get("wants", [])),
            "asked": Asked(**fields["asked"]) if "asked" in fields else None,
        }
    )


def _topic(raw: Mapping[str, Any]) -> Topic:
    return Topic(
        **{
            **raw,
            "conversation": _keys(raw["conversation"]),
            "account": Account(**raw.get("account", {})),
            "tags": tuple(raw.get("tags", [])),
            "internal": _keys(raw.get("internal", [])),
        }
    )


def _inventory(raw: Mapping[str, Any]) -> Inventory:
    (conversation,) = _keys([raw["conversation"]])
    fields = {"conversation": conversation, "refs": tuple(raw["refs"]), "taken_at": _moment(raw["taken_at"])}
    return Inventory(**{**raw, **fields})


def _said(raw: Mapping[str, Any] | None) -> Said | None:
    return Said(ConversationKey(**raw["conversation"]), raw.get("author")) if raw else None


def _keys(raw: list[Mapping[str, str]]) -> tuple[ConversationKey, ...]:
    return tuple(ConversationKey(**key) for key in raw)


def _lookups(raw: list[Mapping[str, str]]) -> tuple[Lookup, ...]:
    return tuple(Lookup(**lookup) for lookup in raw)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
