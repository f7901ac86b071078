"""People at a real Chromium, before a running Signalbox that they know by its pages only."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any, TypeAlias

import pytest
from playwright.sync_api import Browser, Page, StorageState, expect

from sandbox.cast import Cast, assemble
from tests.browser.chromium import require_chromium, running_chromium
from tests.browser.watch import Watch
from tests.journeys.conftest import site_on
from tests.journeys.site import Site, Tenant

PATIENCE = 20_000
"""Milliseconds; a busy machine is slow, and Playwright goes on as soon as it can."""

OpenPage: TypeAlias = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker has the browser and the site; the others do not start a second one."""
    for item in items:
        if item.nodeid.startswith("tests/browser/"):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = require_chromium()
    expect.set_options(timeout=PATIENCE)
    with running_chromium(path) as running:
        yield running


@pytest.fixture(scope="package")
def sites(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Site]]:
    """``signalbox run`` on a database of the kind that is asked for, once for all tests."""
    with ExitStack() as running:

        @cache
        def on(kind: str) -> Site:
            site = running.enter_context(site_on(request, kind, tmp_path_factory.mktemp(f"browser-{kind}")))
            site.start("run")
            site.wait_until_ready()
            return site

        yield on


@pytest.fixture
def site(request: pytest.FixtureRequest, sites: Callable[[str], Site]) -> Site:
    """On SQLite, unless the journey is to be made on PostgreSQL as well."""
    return sites(getattr(request, "param", "sqlite"))


@pytest.fixture
def watch(site: Site) -> Iterator[Watch]:
    """Follows every page of the test, and fails it for what a person would not see."""
    watch = Watch(site.base_url)
    yield watch
    watch.check()


@pytest.fixture
def open_page(browser: Browser, site: Site, watch: Watch) -> Iterator[OpenPage]:
    """Opens browsers of different people: each has cookies of its own."""
    contexts = []

    def opening(**options: Any) -> Page:
        options = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"} | options
        contexts.append(browser.new_context(base_url=site.base_url, **options))
        contexts[-1].set_default_timeout(PATIENCE)
        page = contexts[-1].new_page()
        watch.follow(page)
        return page

    yield opening
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """Somebody's browser, signed in nowhere."""
    return open_page()


@pytest.fixture(scope="module")
def tenant(sites: Callable[[str], Site]) -> Tenant:
    """The module's workspace, on SQLite."""
    return sites("sqlite").tenant()


@pytest.fixture(scope="module")
def owner(browser: Browser, tenant: Tenant) -> StorageState:
    """The cookies of the module's owner: a sign-in link works only once."""
    return cookies_of(browser, tenant)


@pytest.fixture
def owners_page(open_page: OpenPage, owner: StorageState) -> Page:
    """The browser of the module's owner."""
    return open_page(storage_state=owner)


@pytest.fixture
def cast(site: Site) -> Cast:
    """Fresh companies in the site's Slack, so that no team is connected yet."""
    cast = assemble()
    site.slack.world = cast.world
    return cast


@pytest.fixture
def asked(site: Site) -> Iterator[None]:
    """Slack and the provider ask the person, as in life."""
    site.slack.auto_approve, site.oidc.auto_approve = False, lambda: False
    yield
    site.slack.auto_approve, site.oidc.auto_approve = True, lambda: True


def cookies_of(browser: Browser, tenant: Tenant) -> StorageState:
    """What the browser keeps once it has followed the sign-in link."""
    context = browser.new_context()
    context.new_page().goto(tenant.sign_in_url)
    state = context.storage_state()
    context.close()
    return state
