"""The small parts of pages: addresses that lead where the routes are, and nothing that a customer wrote as markup."""

from bs4 import BeautifulSoup
from flask import url_for
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.web.console.conftest import Console
from web.console.parts import account_link, account_url, away, badge, channel_url, signal_url

HOSTILE = "\"'><script>alert(1)</script>&"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.text(min_size=1))
def test_addresses_are_those_of_the_routes(console: Console, key: str) -> None:
    with console.app.test_request_context("/"):
        assert channel_url(key) == url_for("console.signals", channel=key)
        assert signal_url("sig_1") == url_for("console.signal", signal_id="sig_1")
        if not key.startswith((".", "/")) and "//" not in key:
            assert account_url(key) == url_for("console.account", key=key)


def test_under_a_path_addresses_begin_with_it(console: Console) -> None:
    with console.app.test_request_context("/", environ_overrides={"SCRIPT_NAME": "/box"}):
        assert account_url("Globex") == "/box/accounts/Globex"
        assert 'href="/box/assets/icons.svg' in away("https://x.example", "There")
    with console.app.test_request_context("/"):
        assert 'href="/assets/icons.svg' in away("https://x.example", "There")


def test_everything_is_escaped(console: Console) -> None:
    with console.app.test_request_context("/"):
        parts = [badge(HOSTILE), away(HOSTILE, HOSTILE), account_link(HOSTILE, HOSTILE, is_named=False)]
    for part in parts:
        shown = BeautifulSoup(part, "html.parser")
        assert shown.text == HOSTILE
        assert not shown.find("script")
        assert set(shown.find().attrs) <= {"class", "href", "target", "rel"}  # type: ignore[union-attr]
