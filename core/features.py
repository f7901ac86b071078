"""What a platform's app can do, and which grants each ability costs: one table says it to manifest, pages and code."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Feature:
    """One ability, and what it costs."""

    name: str
    sentence: str
    """Completes "Reinstall to enable …", such as ``the names of channels``."""
    scopes: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    optional: bool = False
    """Whoever installs the app may leave it out; everything else works without it."""


class Scoped(Protocol):
    """Whoever was granted scopes: an integration."""

    @property
    def scopes(self) -> Collection[str]:
        """What was granted, not what was asked for."""
        ...


class FeatureTable:
    """Every feature of an app, in the order in which its manifest names their scopes and events."""

    def __init__(self, features: Iterable[Feature]) -> None:
        self._by_name = {feature.name: feature for feature in features}

    def __iter__(self) -> Iterator[Feature]:
        """Each feature, in the table's order."""
        return iter(self._by_name.values())

    def __getitem__(self, name: str) -> Feature:
        """The feature of that name. Raises `KeyError`: a name is written in code, never by a stranger."""
        return self._by_name[name]

    @property
    def scopes(self) -> tuple[str, ...]:
        """What an installation asks for, each once, optional ones included."""
        return tuple(dict.fromkeys(scope for feature in self for scope in feature.scopes))

    @property
    def optional_scopes(self) -> tuple[str, ...]:
        """The scopes that no required feature needs."""
        required = {scope for feature in self if not feature.optional for scope in feature.scopes}
        return tuple(scope for scope in self.scopes if scope not in required)

    @property
    def events(self) -> tuple[str, ...]:
        """What the app subscribes to, each once."""
        return tuple(dict.fromkeys(event for feature in self for event in feature.events))

    def has_scope(self, integration: Scoped, name: str) -> bool:
        """Whether the integration was granted all that the feature costs."""
        return set(self[name].scopes) <= set(integration.scopes)

    def missing(self, integration: Scoped) -> list[Feature]:
        """The features that a reinstallation would enable."""
        return [feature for feature in self if not self.has_scope(integration, feature.name)]
