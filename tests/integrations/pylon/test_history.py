"""Pylon's past against the stand-in over HTTP: every change in a stretch of time once, whatever the pages."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from core.adapter import Access
from core.errors import StepFailed
from core.history import Page, Reader, Stretch
from core.taming import JsonObject, Tame, parse_object
from integrations.pylon.history import PAGE_SIZE, STEPS, USUAL, historian
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from tests.conftest import NOW, MemoryPauses
from tests.integrations.pylon.stage import changed_issue, standing_in

STRETCH = Stretch(Reader("int_1"), "", NOW - timedelta(days=70), NOW)
YEARS = Stretch(Reader("int_1"), "", NOW - timedelta(days=800), NOW)


@pytest.fixture
def pylon() -> Iterator[tuple[PylonStandIn, SandboxServer]]:
    with standing_in() as stage:
        yield stage


def walk(pylon: PylonStandIn, server: SandboxServer, stretch: Stretch = STRETCH) -> list[Page]:
    client, access = historian(server.pylon_api_url, MemoryPauses()), Access(pylon.token, owner="org")
    pages, position = [], JsonObject()
    for _ in range(50):
        page = client.page(access, stretch, position, None)
        pages.append(page)
        if page.position is None:
            return pages
        position = page.position
    raise AssertionError("the walk does not end")


def test_every_change_is_told_once_window_by_window(pylon: tuple[PylonStandIn, SandboxServer]) -> None:
    ids = [changed_issue(pylon[0], NOW - timedelta(hours=8 * number)) for number in range(205)]
    old = changed_issue(pylon[0], NOW - timedelta(days=71))
    pages = walk(*pylon)
    told = {record.external_id: record.ref for page in pages for record in page.records}
    assert sorted(told.values()) == sorted(ids), "one on the border of two windows is told under the same id"
    assert old not in told.values()
    assert max(len(page.records) for page in pages) <= PAGE_SIZE
    reached = [page.reached_at for page in pages if page.reached_at]
    assert reached == sorted(reached, reverse=True)
    assert (len(reached), reached[-1]) == (STEPS, STRETCH.since), "how far it is shows a dozen times"


@pytest.mark.parametrize(
    ("stretch", "days"),
    [(YEARS, 30.0), (STRETCH, 70 / STEPS), (replace(STRETCH, since=NOW - timedelta(days=7)), 1.0)],
)
def test_a_window_is_never_longer_than_pylon_allows(
    pylon: tuple[PylonStandIn, SandboxServer], stretch: Stretch, days: float
) -> None:
    ends = [stretch.until, *(page.reached_at for page in walk(*pylon, stretch) if page.reached_at)]
    widths = [later - earlier for later, earlier in pairwise(ends)]
    assert max(widths) == pytest.approx(timedelta(days=days), abs=timedelta(seconds=1))


def test_a_look_for_gaps_is_one_request(pylon: tuple[PylonStandIn, SandboxServer]) -> None:
    assert len(walk(*pylon, replace(STRETCH, since=NOW - timedelta(minutes=20)))) == 1


def test_a_record_is_a_notice_and_another_change_is_another_record(pylon: tuple[PylonStandIn, SandboxServer]) -> None:
    issue_id = changed_issue(pylon[0], NOW - timedelta(hours=1))
    (first,) = walk(*pylon)[0].records
    assert Tame(parse_object(first.payload)).text("issue_id") == issue_id == first.ref
    assert walk(*pylon)[0].records == (first,)
    pylon[0].change_issue(issue_id, {"state": "closed"})
    (second,) = walk(*pylon, Stretch(Reader("int_1"), "", NOW, NOW + timedelta(days=1)))[0].records
    assert (second.ref, second.external_id == first.external_id) == (first.ref, False)


def test_a_pause_is_kept_and_slows_the_walk(pylon: tuple[PylonStandIn, SandboxServer]) -> None:
    pylon[0].fail_next("search", retry_after=30)
    client = historian(pylon[1].pylon_api_url, MemoryPauses())
    for _ in range(2):
        with pytest.raises(StepFailed) as failed:
            client.page(Access(pylon[0].token, owner="org"), STRETCH, {}, None)
        assert (failed.value.reason, failed.value.is_pause, failed.value.retry_after) == (
            "pylon_rate_limited",
            True,
            30,
        )
    slowed = client.slowed(None, 30)
    assert slowed is not None
    assert slowed.pace_seconds == 2 * USUAL.pace_seconds
    assert client.slowed(slowed, 3600) is not None
