from pathlib import Path

import pytest

from core.errors import SettingsError
from tests.web.console.conftest import register
from web.console import assets


def test_a_missing_package_stops_the_start_and_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assets, "VENDORED", {"htmx.min.js": ("no_such_package", "htmx.min.js")})
    assets.place_of.cache_clear()
    with pytest.raises(SettingsError, match=r"htmx\.min\.js is not installed: run .*requirements-assets\.lock"):
        register()
    assets.place_of.cache_clear()


def test_what_is_vendored_is_pinned() -> None:
    lock = (Path(__file__).parents[3] / "requirements-assets.lock").read_text(encoding="utf-8")
    for package, _ in assets.VENDORED.values():
        assert f"{package.replace('_', '-')}==" in lock
    assert "--hash=sha256:" in lock
