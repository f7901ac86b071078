"""Channels to pick from, and the past, on the pages of connections."""

from datetime import timedelta

import pytest

from core.channels import Channel
from db import DirectoryEntry, Duty, Import, Integration
from tests.conftest import NOW
from tests.web.console.admin.conftest import Rooms


@pytest.fixture
def slack(rooms: Rooms) -> str:
    """A connection whose list has a channel that the app is in, one that it is not in, and a private one."""
    with rooms.database.write() as session:
        row = Integration(workspace_id=rooms.made.workspace_id, platform="slack", name="Acme", slack_team_name="Acme")
        session.add(row)
        session.flush()
        for channel in (
            Channel("C0EXT", "ext-globex", is_member=True, is_ext_shared=True, members=12),
            Channel("C0PUB", "random"),
            Channel("C0OLD", "old", is_member=True, is_archived=True),
        ):
            session.add(
                DirectoryEntry(integration_id=row.id, kind="channel", ref=channel.id, name=channel.name,
                               facts=channel.facts(), fetched_at=NOW)
            )  # fmt: skip
        session.add(Duty(integration_id=row.id, kind="slack.channels", scope="", done_at=NOW))
        session.add(Duty(integration_id=row.id, kind="slack.reconcile", scope="C0EXT", complete_until=NOW))
    return row.id


def test_the_page_lists_channels_and_how_far_all_is_here(rooms: Rooms, slack: str) -> None:
    page = rooms.text(f"/integrations/{slack}")
    assert "Complete up to 20 Nov 2026" in page
    assert "#ext-globex" in page
    assert "Shared with another company" in page
    assert "12 people" in page
    assert "/invite @Signalbox" in page
    assert "Archived" in page


def test_finding_a_channel_by_a_part_of_its_name(rooms: Rooms, slack: str) -> None:
    found = rooms.text(f"/integrations/{slack}?q=glob")
    assert "#ext-globex" in found
    assert "#random" not in found
    assert "No channel is called so." in rooms.text(f"/integrations/{slack}?q=zzz")


def test_picking_joining_and_reading_the_list_again(rooms: Rooms, slack: str) -> None:
    rooms.submit(f"/integrations/{slack}/channels", id="C0EXT", name="ext-globex")
    with rooms.database.read() as session:
        assert session.get_one(Integration, slack).config["slack_channels"] == [{"id": "C0EXT", "name": "ext-globex"}]
    assert rooms.submit(f"/integrations/{slack}/channels/C0NONE/join").status_code == 404
    assert rooms.submit(f"/integrations/{slack}/channels/refresh").status_code == 303
    with rooms.database.read() as session:
        assert session.get_one(Duty, (slack, "slack.channels", "")).due_at == NOW


def test_patterns_and_days_are_saved_and_bad_ones_named(rooms: Rooms, slack: str) -> None:
    form = {
        "name": "Acme",
        "slack_capture": "external",
        "slack_autolink": "ext-*, *-support",
        "slack_import_days": "30",
    }
    assert rooms.submit(f"/integrations/{slack}", **form).status_code == 303
    with rooms.database.read() as session:
        config = session.get_one(Integration, slack).config
    assert (config["slack_autolink"], config["slack_import_days"]) == (["ext-*", "*-support"], 30)
    refused = rooms.submit(f"/integrations/{slack}", **form | {"slack_autolink": "[a-z]"})
    assert refused.status_code == 422
    assert "autolink" in refused.text.lower()


def test_an_import_of_what_is_no_channel_is_refused(rooms: Rooms, slack: str) -> None:
    assert rooms.submit(f"/integrations/{slack}/imports", channel_id="\0", days="30").status_code == 422


def test_an_import_is_ordered_watched_and_cancelled(rooms: Rooms, slack: str) -> None:
    assert rooms.submit(f"/integrations/{slack}/imports", channel_id="C0EXT", days="30").status_code == 303
    with rooms.database.write() as session:
        row = session.query(Import).one()
        assert (row.channel_name, row.since) == ("ext-globex", NOW - timedelta(days=30))
    page = rooms.text(f"/integrations/{slack}")
    assert "How long it takes shows with the first answer." in page
    assert "A thousand messages take seconds, or 1 h 7 min if Slack lets this app read 15 a minute" in page
    with rooms.database.write() as session:
        row = session.query(Import).one()
        row.state, row.page_size, row.pace_seconds, row.requests_made, row.requests_expected = "running", 15, 60.0, 2, 8
        row.messages_seen = row.messages_new = 30
    page = rooms.text(f"/integrations/{slack}")
    assert "30 messages read" in page
    assert "About 25 % of about 8 requests" in page
    assert "Slack lets this app read 15 messages a minute." in page
    again = rooms.submit(f"/integrations/{slack}/imports", channel_id="C0EXT", days="30")
    assert (again.status_code, "imported already" in again.text) == (409, True)
    assert rooms.submit(f"/integrations/{slack}/imports/{row.id}/cancel", confirmed="1").status_code == 303
    assert "cancelled" in rooms.text(f"/integrations/{slack}")


@pytest.fixture
def pylon(rooms: Rooms) -> str:
    with rooms.database.write() as session:
        row = Integration(workspace_id=rooms.made.workspace_id, platform="pylon", name="Desk", access_token="token",
                          ingest_key_digest="d")  # fmt: skip
        session.add(row)
        session.flush()
        session.add(Duty(integration_id=row.id, kind="pylon.reconcile", scope="", complete_until=NOW))
    return row.id


def test_pylons_past_is_imported_and_watched_too(rooms: Rooms, pylon: str) -> None:
    page = rooms.text(f"/integrations/{pylon}")
    assert "Complete up to 20 Nov 2026" in page
    assert rooms.page(f"/integrations/{pylon}").select("#imports select[name=channel_id]") == []
    assert rooms.submit(f"/integrations/{pylon}/imports", days="90").status_code == 303
    with rooms.database.write() as session:
        row = session.query(Import).one()
        assert (row.channel_id, row.since) == (None, NOW - timedelta(days=90))
        row.state, row.page_size, row.pace_seconds, row.requests_made, row.requests_expected = (
            "running",
            100,
            3.0,
            3,
            12,
        )
        row.messages_seen, row.messages_new = 240, 230
    page = rooms.text(f"/integrations/{pylon}")
    assert "All issues since 22 Aug 2026" in page
    assert "240 issues read, 230 of them new. About 25 % of about 12 requests, done about 20 Nov 2026" in page
    assert "Slack lets" not in page
    assert rooms.submit(f"/integrations/{pylon}/imports", days="90").status_code == 409
    assert f'href="/integrations/{pylon}#imports"' in rooms.browser.get(f"/integrations/{pylon}/pylon").text


def test_without_a_token_pylons_past_cannot_be_read_and_the_page_says_so(rooms: Rooms, pylon: str) -> None:
    with rooms.database.write() as session:
        session.get_one(Integration, pylon).access_token = None
    page = rooms.page(f"/integrations/{pylon}")
    assert page.select("#imports form") == []
    assert page.select(f"#imports a[href='/integrations/{pylon}/pylon']")
    refused = rooms.submit(f"/integrations/{pylon}/imports", days="30")
    assert (refused.status_code, "API token" in refused.text) == (422, True)
