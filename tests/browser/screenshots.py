"""``make screenshots``: the demo's story played to its end, and every page as it then looks: wide, narrow and dark."""

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import FloatRect, Page

from sandbox.cast import HOME
from tests.browser.chromium import MISSING, find_chromium, running_chromium
from tests.browser.conftest import cookies_of
from tests.browser.pages import EMPTY, FURNISHED, SIGNED_OUT, Way
from tests.browser.story import play
from tests.journeys.site import Site, Tenant, open_site

LOOKS: Mapping[str, dict[str, Any]] = {
    "wide": {"viewport": {"width": 1280, "height": 800}},
    "narrow": {"viewport": {"width": 360, "height": 740}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
}
TALLEST = 3000
"""Pixels of a narrow page that are shown: a long list looks the same further down."""
KEPT = ("overview-wide", "signals-wide", "signal-dark", "pylon-set-up-wide", "pylon-checks-wide")
"""What the README and Pylon's show, kept in ``docs/screenshots``."""


def main(folder: Path) -> int:
    """Takes them all into the folder."""
    path = find_chromium()
    if path is None:
        sys.stderr.write(f"{MISSING}\n")
        return 1
    taken = 0
    with _told() as (site, tenant), running_chromium(path) as browser:
        who = {
            "owner": (cookies_of(browser, tenant), FURNISHED),
            "founder": (cookies_of(browser, site.tenant("Acme")), EMPTY),
            "stranger": (None, SIGNED_OUT),
        }
        for state, pages in who.values():
            for look, options in LOOKS.items():
                context = browser.new_context(
                    base_url=site.base_url, storage_state=state, reduced_motion="reduce", **options
                )
                taken += _take(context.new_page(), pages, look, folder)
                context.close()
    sys.stdout.write(f"{taken} screenshots are in {folder}\n")
    return 0


@contextmanager
def _told() -> Iterator[tuple[Site, Tenant]]:
    with tempfile.TemporaryDirectory() as folder, open_site(f"sqlite:///{folder}/signalbox.db", Path(folder)) as site:
        site.start("run")
        site.wait_until_ready()
        tenant = site.tenant(HOME.name, "priya@tidewater.example")
        play(site, tenant)
        yield site, tenant


def _take(page: Page, pages: Mapping[str, Way], look: str, folder: Path) -> int:
    for name, come_to in pages.items():
        come_to(page)
        page.wait_for_load_state()
        named = f"{name}-{look}"
        height = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
        clip = FloatRect(x=0, y=0, width=360, height=height) if look == "narrow" else None
        page.screenshot(path=folder / f"{named}.png", full_page=look == "narrow", clip=clip)
        if named in KEPT:
            page.screenshot(path=f"docs/screenshots/{named}.png")
    return len(pages)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
