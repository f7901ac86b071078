"""The story of a Slack Connect channel in which two of the companies use Signalbox, and a third one elsewhere does."""

from dataclasses import replace
from typing import Any

from sandbox import slack_events
from sandbox.cast import Cast
from sandbox.slack_world import SlackChannel, SlackTeam, SlackUser
from tests.journeys.site import Site, Tenant, eventually


def test_one_channel_two_workspaces_and_nobody_else(site: Site, cast: Cast) -> None:
    """Each workspace hears the other side's words, by name, though each event names one installation."""
    channel, marta, jonas = cast.channels["kestrel-tidewater"], cast.users["marta"], cast.users["jonas"]
    tidewater, kestrel, harbor = (_connected(site, team) for team in cast.world.teams)
    _say(site, cast, channel, marta, f"The export stops, <@{jonas.id}> :cry:")
    _say(site, cast, channel, jonas, "A fix goes out tonight.")

    (heard,) = eventually(lambda: [each for each in tidewater.signals() if _is_named(each)])
    assert (heard["verbatim"], heard["author"]["affiliation"]) == ("The export stops, @Jonas Berg 😢", "external")
    assert heard["account"] == {"external_id": marta.team_id, "name": "Kestrel Robotics"}
    assert heard["source_metadata"]["channel_name"] == channel.name
    (answered,) = eventually(lambda: [each for each in kestrel.signals() if _is_named(each)])
    assert (answered["verbatim"], answered["account"]["name"]) == ("A fix goes out tonight.", "Tidewater")

    assert _outcomes(tidewater) == {("captured", None), ("ignored", "internal_author")}
    assert _outcomes(kestrel) == {("captured", None), ("ignored", "internal_author")}
    assert (harbor.signals(include_deleted=True), harbor.get("events")["items"]) == ([], [])


def _connected(site: Site, team: SlackTeam) -> Tenant:
    """A workspace of that team, which the one who clicks is signed in to."""
    others = tuple(each for each in site.slack.world.teams if each != team)
    site.slack.world = replace(site.slack.world, teams=(team, *others))
    tenant = site.tenant(team.name)
    site.add_to_slack(tenant)
    return tenant


def _say(site: Site, cast: Cast, channel: SlackChannel, author: SlackUser, text: str) -> None:
    event = slack_events.message(channel, author, text, site.slack.next_ts())
    assert site.slack.deliver(site.slack.event(event, team=cast.home)).status_code == 200


def _is_named(signal: dict[str, Any]) -> bool:
    return bool(signal["account"]["name"] and "@U" not in signal["verbatim"])


def _outcomes(tenant: Tenant) -> set[tuple[str, str | None]]:
    receipts = (event["receipt"] for event in tenant.get("events")["items"])
    return {(receipt["outcome"], receipt["reason"]) for receipt in receipts if receipt}
