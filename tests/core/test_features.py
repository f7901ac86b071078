"""The table of features: what an installation asks for, and what a grant allows."""

from dataclasses import dataclass

import pytest

from core.features import Feature, FeatureTable

TABLE = FeatureTable(
    (
        Feature("listen", "messages", scopes=("channels:history",), events=("message.channels",)),
        Feature("names", "names", scopes=("channels:read", "users:read"), optional=True),
        Feature("picker", "a list of channels", scopes=("channels:read",), events=("message.channels",)),
        Feature("leave", "word of its removal", events=("app_uninstalled",)),
    )
)


@dataclass(frozen=True)
class Granted:
    """What somebody was granted."""

    scopes: tuple[str, ...]


def test_an_installation_asks_for_each_scope_once() -> None:
    assert TABLE.scopes == ("channels:history", "channels:read", "users:read")
    assert TABLE.events == ("message.channels", "app_uninstalled")


def test_a_scope_is_optional_only_if_every_feature_that_needs_it_is() -> None:
    assert TABLE.optional_scopes == ("users:read",)


def test_a_feature_needs_all_of_its_scopes() -> None:
    granted = Granted(("channels:history", "channels:read"))
    assert TABLE.has_scope(granted, "picker")
    assert not TABLE.has_scope(granted, "names")
    assert TABLE.has_scope(Granted(()), "leave")


def test_what_is_missing_comes_in_the_order_of_the_table() -> None:
    assert [f.name for f in TABLE.missing(Granted(("channels:history",)))] == ["names", "picker"]
    assert TABLE.missing(Granted(TABLE.scopes)) == []


def test_a_feature_that_is_not_there_is_a_mistake_in_code() -> None:
    with pytest.raises(KeyError):
        TABLE.has_scope(Granted(()), "nmaes")
