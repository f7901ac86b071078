"""The platforms: one folder each, found by looking, not by a list.

A folder is a platform when it has an ``adapter`` module with an ``ADAPTER``. What else it offers is in modules that it
may have, each with one function that makes the part: see `PARTS`.
"""

import importlib
import importlib.util
import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from core.accounts import AccountBook
from core.adapter import Adapter, Inspector, LookupClient, Pauses
from core.channels import ChannelBook
from core.history import Historian
from core.panel import Panel
from core.retelling import Reteller
from core.tickets import TicketDesk

PARTS: Mapping[str, str] = {
    "lookups": "lookup_client",
    "history": "historian",
    "channels": "channel_book",
    "accounts": "account_book",
    "tickets": "ticket_desk",
    "inspection": "inspector",
    "panel": "panel",
    "retelling": "reteller",
}
"""The modules that a platform may have and the function that makes their part. The first five ask the platform's API:
they are given ``(api_url, pauses)``, where an empty address means the platform's own.
"""
_ASKING = frozenset({"lookups", "history", "channels", "accounts", "tickets"})


@dataclass(frozen=True, slots=True)
class Platform:
    """What a platform's folder offers: its adapter, and the modules of its `PARTS`."""

    adapter: Adapter
    modules: Mapping[str, ModuleType]


@dataclass(frozen=True, slots=True)
class Offers:
    """Every part of every platform, by platform."""

    lookups: Mapping[str, LookupClient]
    history: Mapping[str, Historian]
    channels: Mapping[str, ChannelBook]
    accounts: Mapping[str, AccountBook]
    tickets: Mapping[str, TicketDesk]
    inspection: Mapping[str, Inspector]
    panel: Mapping[str, Panel]
    retelling: Mapping[str, Reteller]


@cache
def discover() -> dict[str, Platform]:
    """Every platform by its folder's name, in the folders' order."""
    platforms = {}
    for folder in sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg):
        adapter: Adapter = importlib.import_module(f"{__name__}.{folder}.adapter").ADAPTER
        if adapter.platform != folder:
            raise ValueError(f"integrations/{folder}: its adapter calls itself {adapter.platform!r}")
        platforms[folder] = Platform(adapter, dict(_modules(folder)))
    return platforms


def offers(api_urls: Mapping[str, str], pauses: Pauses) -> Offers:
    """Makes the parts. ``api_urls`` take the place of the platforms' own."""

    def made(part: str) -> dict[str, Any]:
        found = {name: platform.modules[part] for name, platform in discover().items() if part in platform.modules}
        makers = {name: getattr(module, PARTS[part]) for name, module in found.items()}
        if part not in _ASKING:
            return {name: make() for name, make in makers.items()}
        return {name: make(api_urls.get(name, ""), pauses) for name, make in makers.items()}

    return Offers(**{part: made(part) for part in PARTS})


def _modules(folder: str) -> Iterator[tuple[str, ModuleType]]:
    for part in PARTS:
        name = f"{__name__}.{folder}.{part}"
        if importlib.util.find_spec(name):
            yield part, importlib.import_module(name)
