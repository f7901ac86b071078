"""The demo's story told in a moment, with four weeks of talk and calls before it, and what people did since."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count, cycle

import httpx

from core.clock import utc_now
from sandbox import slack_events
from sandbox.beats import Beat, Say
from sandbox.cast import Cast, assemble
from sandbox.player import Player
from sandbox.signalbox import Signalbox
from sandbox.story import FIRST_WAVE, LATER, more
from tests.journeys.site import Site, Tenant, eventually

PER_DAY = (3, 2, 0, 1, 4, 2, 3, 1, 0, 0, 2, 5, 3, 1, 2, 0, 1, 2, 2, 4, 1, 0, 3, 2, 1, 0, 1, 2)
CALLS = (
    ("Northwind Rail", "Dana Reyes", "high", "We would roll out to both depots tomorrow if crews could sign in with "
     "their badge. Typing a password with gloves on is where they give up."),
    ("Kestrel Robotics", "Marta Olsen", "medium", "The hand-over sheet is the first thing my dispatchers open. If it "
     "showed the parts on the van, I could drop two spreadsheets."),
    ("Blue Harbor Clinics", "Elena Vasquez", "low", "Honestly the reminders alone paid for the year."),
)  # fmt: skip


def play(site: Site, tenant: Tenant, per_day: Sequence[int] = PER_DAY) -> None:
    """Until everything is processed. ``per_day`` is how much was said on the days before, yesterday first."""
    _talk(site, tenant, per_day)
    _until_processed(tenant)
    _set_pylon_up(site, tenant)
    _until_processed(tenant)
    _furnish(tenant)


def _until_processed(tenant: Tenant) -> None:
    eventually(lambda: tenant.get("stats")["pending"] == 0)


def _talk(site: Site, tenant: Tenant, per_day: Sequence[int]) -> None:
    cast, stop, said = assemble(), threading.Event(), more()
    site.slack.world = cast.world
    site.renew_pylon()
    signalbox = Signalbox(site.base_url, tenant.token)
    beats = count(1)

    def pause(_: float) -> None:
        if next(beats) == len(FIRST_WAVE) + len(LATER):
            stop.set()

    player = Player(site.slack, site.pylon, cast, signalbox, workspace_id="", pause=pause, report=lambda _: None)
    player.connect()
    for days, times in enumerate(per_day, 1):
        for number in range(times):
            _say(site, cast, next(said), utc_now() - timedelta(days=days, minutes=37 * number))
    _call(tenant)
    player.play(stop)
    _until_processed(tenant)
    site.pylon.fail_next("issue", code="not_found", status=404)
    site.pylon.send_trigger({"event": "issue.created", "issue_id": "b1946ac9-2492-4d23-9bd3-6f0c1a7f3e21"})


def _set_pylon_up(site: Site, tenant: Tenant) -> None:
    """As it goes: a secret mistyped, a header forgotten, a trigger without its variable; then all is well."""
    (desk,) = [each for each in tenant.get("integrations")["items"] if each["platform"] == "pylon"]
    changed = {"event": "issue.updated", "issue_id": site.pylon.issues()[0]["id"]}
    webhook = site.pylon.webhook
    assert webhook is not None
    with tenant.api as api:
        for secret in ("mistyped", site.pylon.signing_secret):
            api.patch(f"integrations/{desk['id']}", json={"webhook_secret": secret}).raise_for_status()
            api.post(f"integrations/{desk['id']}/end-old-secrets").raise_for_status()
            site.pylon.send_trigger(changed)
    site.pylon.webhook = replace(webhook, header_name=None)
    site.pylon.send_trigger(changed)
    site.pylon.webhook = webhook
    site.pylon.send_trigger({"event": "issue.created", "issue_id": "{{ issue.id }}"})
    site.pylon.send_trigger(changed | {"event": "message.created"})


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
