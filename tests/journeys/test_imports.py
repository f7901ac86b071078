"""The story of a past that is read in: ten thousand messages, a Slack that asks for pauses, and a server that dies."""

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sandbox import slack_events
from sandbox.slack_limits import INTERNAL_APP
from sandbox.slack_world import SlackChannel, SlackUser
from tests.journeys.site import Site, Tenant, eventually

MESSAGES = 10_000
LOOK_EVERY = 0.5
"""Looking costs the server as much as working."""
SHARED = "kestrel-tidewater"


def test_ten_thousand_messages_are_there_once_each_whatever_dies_meanwhile(own_site: Site) -> None:
    own_site.start("run")
    own_site.wait_until_ready()
    tenant = own_site.tenant()
    own_site.add_to_slack(tenant)
    channel, customer = _shared(own_site)
    _write(own_site, channel, customer)
    own_site.slack.limits.kind = INTERNAL_APP
    own_site.slack.fail_next("conversations.history", retry_after=1, times=2)
    (integration,) = tenant.get("integrations")["items"]
    since = (datetime.now(UTC) - timedelta(days=30)).isoformat()
    order = {"integration_id": integration["id"], "channel_id": channel.id, "since": since}
    import_id = tenant.post("imports", order)["id"]
    eventually(partial(_has_seen, tenant, import_id, 3_000))
    own_site.kill("run")
    own_site.slack.fail_next("conversations.history", retry_after=1)
    own_site.start("run")
    own_site.wait_until_ready()
    done = eventually(partial(_when_done, tenant, import_id), patience=180) or {}
    assert (done["messages_seen"], done["messages_new"], done["progress"]) == (MESSAGES, MESSAGES, 1.0)
    assert done["requests_made"] == MESSAGES // done["page_size"]
    eventually(partial(_has_signals, tenant, MESSAGES), patience=180)
    words = _all_words(tenant)
    assert len(words) == len(set(words)) == MESSAGES


def _shared(site: Site) -> tuple[SlackChannel, SlackUser]:
    world = site.slack.world
    channel = next(each for each in world.channels if each.name == SHARED)
    return channel, next(user for user in world.users if user.team_id == channel.team_ids[1])


def _write(site: Site, channel: SlackChannel, author: SlackUser) -> None:
    """So many messages over the last 20 days, of which Signalbox heard nothing."""
    now = datetime.now(UTC).timestamp()
    for number in range(MESSAGES):
        ts = f"{now - 60 - number * 172.8:.6f}"
        site.slack.history.take(slack_events.message(channel, author, f"Word {number}", ts))


def _has_seen(tenant: Tenant, import_id: str, count: int) -> bool:
    return bool(tenant.get(f"imports/{import_id}")["messages_seen"] >= count)


def _when_done(tenant: Tenant, import_id: str) -> dict[str, Any] | None:
    time.sleep(LOOK_EVERY)
    told: dict[str, Any] = tenant.get(f"imports/{import_id}")
    assert told["state"] in {"pending", "running", "done"}, told
    return told if told["state"] == "done" else None


def _has_signals(tenant: Tenant, count: int) -> bool:
    time.sleep(LOOK_EVERY)
    counted: int = sum(day["signals"] for day in tenant.get("stats")["days"])
    return counted >= count


def _all_words(tenant: Tenant) -> list[str]:
    words: list[str] = []
    cursor = None
    while True:
        page = tenant.get("signals", limit=200, **({"cursor": cursor} if cursor else {}))
        words += [signal["verbatim"] for signal in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return words
