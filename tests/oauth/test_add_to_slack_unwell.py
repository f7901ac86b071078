"""Add to Slack when Slack is unwell, and what of it stays on this machine: no files, nothing secret in logs."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from oauth.installer import Installer
from sandbox.slack import SlackStandIn
from tests.oauth.conftest import Browser, Connection, Tenant, header, query_of

Connections = Callable[[], list[Connection]]


@pytest.mark.parametrize(("error", "status"), [("ratelimited", 429), ("internal_error", 200), ("fatal", 500)])
def test_an_unwell_auth_test_loses_no_tokens(
    *, slack: SlackStandIn, browser: Browser, acme: Tenant, connections: Connections, error: str, status: int
) -> None:
    slack.fail_next("auth.test", error=error, status=status)

    assert browser.add_to_slack(acme).status == 200

    (connection,) = connections()
    assert connection.access_token
    assert (connection.row.slack_bot_id, connection.row.config) == (None, {})


def test_a_later_unwell_auth_test_keeps_the_known_bot(
    slack: SlackStandIn, browser: Browser, acme: Tenant, connections: Connections
) -> None:
    browser.add_to_slack(acme)
    (first,) = connections()
    slack.fail_next("auth.test")
    browser.add_to_slack(acme)

    (second,) = connections()
    assert second.row.slack_bot_id == first.row.slack_bot_id
    assert second.row.config == first.row.config


def test_slacks_variables_and_the_home_folder_are_left_alone(
    installer: Installer,
    acme: Tenant,
    connections: Connections,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("CLIENT_ID", "CLIENT_SECRET", "SCOPES", "USER_SCOPES", "REDIRECT_URI", "SIGNING_SECRET", "BOT_TOKEN"):
        monkeypatch.setenv(f"SLACK_{name}", "trap")

    browser = Browser(installer)
    started = browser.start(acme)

    assert "trap" not in header(started, "location")
    assert browser.come_back(browser.allow(started)).status == 200
    assert len(connections()) == 1
    assert list(home.iterdir()) == []


def test_nothing_secret_is_logged(
    *,
    slack: SlackStandIn,
    browser: Browser,
    acme: Tenant,
    connections: Connections,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    back = browser.allow(browser.start(acme))
    assert browser.come_back(back).status == 200
    slack.fail_next("oauth.v2.access", error="bad_client_secret", status=200)
    failed = browser.allow(browser.start(acme))
    assert browser.come_back(failed).status == 424

    (connection,) = connections()
    ours = (record for record in caplog.records if not record.name.startswith("http"))  # the test's own browser
    said = "".join([*capfd.readouterr(), *(f"{record.getMessage()}{record.exc_info}" for record in ours)])
    secrets = [*query_of(back).values(), *query_of(failed).values(), *browser.cookies.values(), "client-secret"]
    for secret in [*secrets, connection.access_token, connection.refresh_token]:
        assert secret
        assert secret not in said
    assert not re.search(r"xox[a-z]|code=", said)
