"""``make screenshots``: the demo's story played to its end, and every page as it then looks: wide, narrow and dark."""

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count, cycle
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page

from core.clock import utc_now
from sandbox import slack_events
from sandbox.beats import Beat, Say
from sandbox.cast import HOME, Cast, assemble
from sandbox.player import Player
from sandbox.signalbox import Signalbox
from sandbox.story import FIRST_WAVE, LATER, more
from tests.browser.chromium import MISSING, find_chromium, running_chromium
from tests.journeys.site import Site, Tenant, eventually, open_site

PAGES = {
    "overview": "/",
    "signals": "/signals",
    "signal": "",
    "search": "/signals?q=export",
    "accounts": "/accounts",
    "account": "",
    "integrations": "/integrations",
    "integration": "",
    "webhook-keys": "/webhook-keys",
    "events": "/events",
    "event": "",
    "members": "/members",
    "api-tokens": "/api-tokens",
    "audit-log": "/audit-log",
    "settings": "/settings",
    "your-account": "/account",
}
"""Name and path; pages of one thing are found by following the first link to one."""
FIRST_LINK = {
    "signal": ("/signals", "[data-open]"),
    "account": ("/accounts", "tbody a"),
    "integration": ("/integrations", "a[href^='/integrations/int_']:not([href$=disconnect])"),
    "event": ("/events", ".entry-head a"),
}
LOOKS: dict[str, dict[str, Any]] = {
    "wide": {"viewport": {"width": 1280, "height": 800}},
    "narrow": {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 1},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
}
FULL_PAGE = ("signal", "settings", "integration")
PER_DAY = (3, 2, 0, 1, 4, 2, 3, 1, 0, 0, 2, 5, 3, 1, 2, 0, 1, 2, 2, 4, 1, 0, 3, 2, 1, 0, 1, 2)
CALLS = (
    ("Northwind Rail", "Dana Reyes", "high", "We would roll out to both depots tomorrow if crews could sign in with "
     "their badge. Typing a password with gloves on is where they give up."),
    ("Kestrel Robotics", "Marta Olsen", "medium", "The hand-over sheet is the first thing my dispatchers open. If it "
     "showed the parts on the van, I could drop two spreadsheets."),
    ("Blue Harbor Clinics", "Elena Vasquez", "low", "Honestly the reminders alone paid for the year."),
)  # fmt: skip


def main() -> int:
    """Takes them all. The argument is the folder that they go to."""
    target = Path(sys.argv[1])
    path = find_chromium()
    if path is None:
        sys.stderr.write(f"{MISSING}\n")
        return 1
    with _played() as (site, tenant), running_chromium(path) as browser:
        state = _signed_in(browser, tenant)
        for look, options in LOOKS.items():
            context = browser.new_context(
                base_url=site.base_url, storage_state=state, reduced_motion="reduce", **options
            )
            page = context.new_page()
            for name, address in PAGES.items():
                page.goto(address or _first(page, *FIRST_LINK[name]))
                page.screenshot(path=target / f"{name}-{look}.png", full_page=name in FULL_PAGE or look == "narrow")
            context.close()
    sys.stdout.write(f"{len(PAGES) * len(LOOKS)} screenshots are in {target}\n")
    return 0


@contextmanager
def _played() -> Iterator[tuple[Site, Tenant]]:
    with tempfile.TemporaryDirectory() as folder, open_site(f"sqlite:///{folder}/signalbox.db", Path(folder)) as site:
        site.start("run")
        site.wait_until_ready()
        tenant = site.tenant(HOME.name)
        _play(site, tenant)
        eventually(lambda: tenant.get("stats")["pending"] == 0)
        _furnish(tenant)
        yield site, tenant


def _play(site: Site, tenant: Tenant) -> None:
    """Four weeks of talk and calls, then the story."""
    cast, stop, said = assemble(), threading.Event(), more()
    site.slack.world = cast.world
    signalbox = Signalbox(site.base_url, tenant.token)
    beats = count(1)

    def pause(_: float) -> None:
        if next(beats) == len(FIRST_WAVE) + len(LATER):
            stop.set()

    player = Player(site.slack, site.pylon, cast, signalbox, workspace_id="", pause=pause, report=lambda _: None)
    player.connect()
    for days, times in enumerate(PER_DAY, 1):
        for number in range(times):
            _say(site, cast, next(said), utc_now() - timedelta(days=days, minutes=37 * number))
    _call(tenant)
    player.play(stop)
    site.pylon.fail_next("issue", code="not_found", status=404)
    site.pylon.send_trigger({"event": "issue.created", "issue_id": "b1946ac9-2492-4d23-9bd3-6f0c1a7f3e21"})


def _say(site: Site, cast: Cast, beat: Beat, at: datetime) -> None:
    assert isinstance(beat, Say)
    channel, author = cast.channels[beat.channel], cast.users[beat.author]
    event = slack_events.message(channel, author, beat.text, f"{at.timestamp():.6f}")
    site.slack.deliver(site.slack.event(event, team=cast.home))


def _call(tenant: Tenant) -> None:
    key = tenant.post("webhook-keys", {"name": "Call recorder"})
    for days, (account, person, severity, words) in zip(count(1, 3), cycle(CALLS)):
        if days > len(PER_DAY):
            break
        body = {
            "verbatim": words, "severity": severity, "account": {"name": account}, "author": {"name": person},
            "occurred_at": (utc_now() - timedelta(days=days, hours=2)).isoformat(), "source_ref": f"call-{days}",
        }  # fmt: skip
        httpx.post(f"{tenant.base_url}/webhooks/signals", json=body, headers={"X-API-Key": key["api_key"]})


def _furnish(tenant: Tenant) -> None:
    """What people have done meanwhile."""
    for severity, status, signal in zip(
        ("high", "medium", None), ("reviewed", "linked", "new"), tenant.signals()[2::4], strict=False
    ):
        changes = {"status": status, "tags": ["roll-out"]} | ({"severity": severity} if severity else {})
        with tenant.api as api:
            api.patch(f"signals/{signal['id']}", json=changes).raise_for_status()
    tenant.post("invitations", {"email": "sam@tidewater.example", "role": "member"})


def _signed_in(browser: Browser, tenant: Tenant) -> Any:
    context = browser.new_context()
    context.new_page().goto(tenant.sign_in_url)
    state = context.storage_state()
    context.close()
    return state


def _first(page: Page, listing: str, link: str) -> str:
    page.goto(listing)
    return str(page.locator(link).first.get_attribute("href"))


if __name__ == "__main__":
    sys.exit(main())
