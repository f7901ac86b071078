"""The daily digest, planned in the console."""

import pytest

from db import DirectoryEntry, Duty, Integration
from pipeline.digest import DIGEST
from tests.conftest import NOW
from tests.web.console.admin.conftest import Rooms


@pytest.fixture
def slack(rooms: Rooms) -> str:
    """A connection that knows an internal channel, a shared one, and one that the app is not in."""
    known = [
        ("C0TEAM", "team", {"is_member": True, "is_ext_shared": False}),
        ("C0EXT", "ext-globex", {"is_member": True, "is_ext_shared": True}),
        ("C0ELSE", "elsewhere", {"is_member": False, "is_ext_shared": False}),
    ]
    with rooms.database.write() as session:
        row = Integration(workspace_id=rooms.made.workspace_id, platform="slack", name="Acme", slack_team_id="T0HOME")
        session.add(row)
        session.flush()
        for ref, name, facts in known:
            session.add(
                DirectoryEntry(integration_id=row.id, kind="channel", ref=ref, name=name, facts=facts, fetched_at=NOW)
            )
    return row.id


def test_it_is_offered_where_nobody_else_reads(rooms: Rooms, slack: str) -> None:
    offered = rooms.page(f"/integrations/{slack}").select("#digest-channel option")
    assert [option.text for option in offered] == ["No digest", "#team"]


def test_it_is_planned_moved_and_ended(rooms: Rooms, slack: str) -> None:
    assert rooms.submit(f"/integrations/{slack}/digest", channel="C0TEAM team", hour="7").status_code == 303
    with rooms.database.write() as session:
        assert session.get_one(Integration, slack).config["slack_digest"] == {
            "channel_id": "C0TEAM", "channel_name": "team", "hour": 7,
        }  # fmt: skip
        session.add(Duty(integration_id=slack, kind=DIGEST, scope="C0TEAM", reason="digest_channel_shared"))
    page = rooms.text(f"/integrations/{slack}")
    assert "New signals are told in #team each day at 07:00 UTC." in page
    assert "It has stopped" in page
    assert "Others read the channel too, or Slack does not say who" in page
    rooms.submit(f"/integrations/{slack}/digest", channel="C0TEAM team", hour="9")
    assert "It has stopped" not in rooms.text(f"/integrations/{slack}")
    rooms.submit(f"/integrations/{slack}/digest", channel="", hour="9")
    assert "No digest of new signals is posted." in rooms.text(f"/integrations/{slack}")
    with rooms.database.read() as session:
        assert "slack_digest" not in session.get_one(Integration, slack).config


def test_a_shared_channel_is_refused(rooms: Rooms, slack: str) -> None:
    refused = rooms.submit(f"/integrations/{slack}/digest", channel="C0EXT ext-globex", hour="7")
    assert refused.status_code == 422
    assert "nobody outside your company reads" in refused.text
    assert rooms.submit(f"/integrations/{slack}/digest", channel="C0TEAM team", hour="25").status_code == 422
    with rooms.database.read() as session:
        assert "slack_digest" not in session.get_one(Integration, slack).config
