"""Every page, in light and dark, wide and at 360 pixels: nothing serious for axe-core, nothing to scroll sideways."""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import Literal, TypeAlias

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.pages import EMPTY, FURNISHED, SIGNED_OUT, Way
from tests.browser.story import play
from tests.browser.watch import Watch
from tests.journeys.site import Site, Tenant

Scheme: TypeAlias = Literal["light", "dark"]

WIDE, NARROW = (1280, 800), (360, 740)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SEVERE = ("serious", "critical")


@pytest.fixture(scope="module")
def told(tenant: Tenant, sites: Callable[[str], Site]) -> None:
    """The demo's story, in the module's workspace."""
    play(sites("sqlite"), tenant, per_day=(2, 1))


@pytest.mark.usefixtures("told")
def test_where_much_was_said(owners_page: Page, watch: Watch) -> None:
    watch.expect("status of 404")
    watch.expect("status of 422")
    assert list(_findings(owners_page, FURNISHED)) == []


def test_where_nothing_was_said(site: Site, page: Page) -> None:
    page.goto(site.tenant().sign_in_url)
    assert list(_findings(page, EMPTY)) == []


def test_before_signing_in(page: Page, watch: Watch) -> None:
    watch.expect("status of 410")
    assert list(_findings(page, SIGNED_OUT)) == []


def test_the_whole_of_the_api_page_fits(page: Page) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto("/api/docs")
    assert _pixels_over(page) <= 0


def _findings(page: Page, pages: Mapping[str, Way]) -> Iterator[str]:
    axe = Axe()
    for name, come_to in pages.items():
        page.emulate_media(color_scheme="light")
        come_to(page)
        page.evaluate(axe.axe_script)
        for (width, height), scheme in product((WIDE, NARROW), SCHEMES):
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme)
            yield from (f"{name}, {width}, {scheme}: {found}" for found in _severe(page))
            if (over := _pixels_over(page)) > 0:
                yield f"{name}: {over} pixels wider than {width}"


def _severe(page: Page) -> Iterator[str]:
    rules = {"type": "tag", "values": TAGS}
    found = page.evaluate("options => axe.run(options)", {"runOnly": rules, "resultTypes": ["violations"]})
    for violation in found["violations"]:
        if violation["impact"] in SEVERE:
            yield f"{violation['id']}: {[node['html'] for node in violation['nodes']]}"


def _pixels_over(page: Page) -> int:
    """How far one can scroll sideways."""
    over: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return over
