"""The platforms: one folder each, found by looking, not by a list.

A folder is a platform when it has an ``adapter`` module with an ``ADAPTER``. It may also have a ``lookups``
module with a ``lookup_client(api_url, pauses)``, a ``history`` module with a ``historian(api_url, pauses)``, an
``inspection`` module with an ``inspector()``, an ``accounts`` module with an ``account_book(api_url, pauses)``, a
``channels`` module with a ``channel_book(api_url, pauses)`` and a ``panel`` module with a ``panel()``.
"""

import importlib
import importlib.util
import pkgutil
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from core.adapter import Adapter

OPTIONAL = ("lookups", "history", "inspection", "accounts", "channels", "panel")
"""The modules that a platform may have, in the order of `Platform`'s fields."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What a platform's folder offers."""

    adapter: Adapter
    lookups: ModuleType | None
    history: ModuleType | None = None
    inspection: ModuleType | None = None
    accounts: ModuleType | None = None
    channels: ModuleType | None = None
    panel: ModuleType | None = None


@cache
def discover() -> dict[str, Platform]:
    """Every platform by its folder's name, in the folders' order."""
    platforms = {}
    for folder in sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg):
        adapter: Adapter = importlib.import_module(f"{__name__}.{folder}.adapter").ADAPTER
        if adapter.platform != folder:
            raise ValueError(f"integrations/{folder}: its adapter calls itself {adapter.platform!r}")
        optional = (_optional(f"{__name__}.{folder}.{name}") for name in OPTIONAL)
        platforms[folder] = Platform(adapter, *optional)
    return platforms


def _optional(name: str) -> ModuleType | None:
    return importlib.import_module(name) if importlib.util.find_spec(name) else None
