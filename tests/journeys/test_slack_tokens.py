"""Stories of a Slack connection's tokens: kill -9 at the worst moment, and goodbyes."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from core.clock import utc_now
from db import Integration
from sandbox.slack import SlackStandIn
from tests.journeys.site import Site, Tenant, eventually

REFRESH = "oauth.v2.access"


@dataclass
class HeldAnswer:
    """Slack has done it and the answer does not arrive, until it is let go."""

    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def holding(slack: SlackStandIn, method: str) -> Iterator[HeldAnswer]:
    held = HeldAnswer()

    def hold(called: str) -> None:
        if called == method and not held.reached.is_set():
            held.reached.set()
            held.released.wait(30)

    slack.before_answer = hold
    try:
        yield held
    finally:
        held.released.set()
        slack.before_answer = lambda _: None


def let_it_end_soon(site: Site, tenant: Tenant) -> None:
    """Half an hour of life is left to the token, so that the duty is late."""
    now = utc_now()
    with site.database() as database, database.write() as session:
        mine = Integration.workspace_id == tenant.workspace_id
        soon = {"token_expires_at": now + timedelta(minutes=30), "refresh_due_at": now}
        session.execute(update(Integration).where(mine).values(**soon))


def connection(tenant: Tenant) -> dict[str, Any]:
    (found,) = tenant.get("integrations")["items"]
    return dict(found)


@pytest.mark.parametrize("grace", [timedelta(0), timedelta(minutes=5)], ids=["strict", "grace"])
def test_kill_between_slacks_answer_and_the_commit(own_site: Site, grace: timedelta) -> None:
    site = own_site
    site.slack.grants.grace = grace
    site.start("run")
    site.wait_until_ready()
    tenant = site.tenant()
    site.add_to_slack(tenant)
    installed = site.slack.calls(REFRESH)
    with holding(site.slack, REFRESH) as held:
        let_it_end_soon(site, tenant)
        assert held.reached.wait(30)
        site.kill("run")
        crashed_at = utc_now()
    site.start("run")
    site.wait_until_ready()
    expected = "active" if grace else "needs_reconnect"

    def is_decided() -> bool:
        return site.slack.calls(REFRESH) == installed + 2 and connection(tenant)["state"] == expected

    eventually(is_decided, patience=60)
    assert utc_now() - crashed_at < timedelta(seconds=60)
    shown = connection(tenant)
    if grace:
        eventually(lambda: connection(tenant)["token_expires_at"] > shown["installed_at"][:4])
        assert shown["state_reason"] is None
    else:
        assert shown["state_reason"] == "invalid_refresh_token"
        site.add_to_slack(tenant)
        assert connection(tenant)["state"] == "active", "adding it once more puts everything right"
    assert "xox" not in site.logs()


def test_disconnecting_uninstalls_the_app_and_wipes_the_token(site: Site, cast: Any, tenant: Tenant) -> None:
    site.add_to_slack(tenant)
    assert site.slack.grants.installation(cast.home) is not None
    with tenant.api as api:
        assert api.delete(f"integrations/{connection(tenant)['id']}").status_code == 204
    assert connection(tenant)["state"] == "disconnected"
    eventually(lambda: site.slack.grants.installation(cast.home) is None)

    def is_wiped() -> bool:
        with site.database() as database, database.read() as session:
            row = session.scalars(select(Integration).where(Integration.workspace_id == tenant.workspace_id)).one()
            return row.access_token is None and row.refresh_token is None

    eventually(is_wiped)
    site.slack.drain()
    site.add_to_slack(tenant)
    assert connection(tenant)["state"] == "active"


@pytest.mark.parametrize("order", [("tokens_revoked", "app_uninstalled"), ("app_uninstalled", "tokens_revoked")])
def test_uninstalling_in_slack_in_either_order(site: Site, cast: Any, tenant: Tenant, order: Any) -> None:
    site.add_to_slack(tenant)
    site.slack.uninstall(cast.home, order=order)
    site.slack.drain()
    eventually(lambda: connection(tenant)["state"] == "disconnected")
    site.add_to_slack(tenant)
    assert connection(tenant)["state"] == "active"
