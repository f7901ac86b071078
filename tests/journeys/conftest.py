"""Sites to journey through: one long-running server per database, and fresh ones for journeys that break things."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.cast import Cast, assemble
from tests.databases import create, drop, named, plain
from tests.journeys.site import Site, Tenant, open_site


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """``signalbox run`` on each database; journeys share it, each with workspaces of its own."""
    folder = tmp_path_factory.mktemp(f"site-{request.param}")
    with site_on(request, request.param, folder) as made:
        made.start("run")
        made.wait_until_ready()
        yield made


@pytest.fixture(params=["sqlite", "postgresql"])
def own_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    """A site whose processes the journey starts and kills itself; its database is migrated."""
    with site_on(request, request.param, tmp_path) as made:
        yield made


@pytest.fixture
def cast(site: Site) -> Cast:
    """Fresh companies in the site's Slack, so that no team is connected yet."""
    cast = assemble()
    site.slack.world = cast.world
    return cast


@pytest.fixture
def tenant(site: Site) -> Tenant:
    """A fresh workspace on the shared site."""
    return site.tenant()


@contextlib.contextmanager
def site_on(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[Site]:
    """A site that nobody started yet, on a fresh database of this kind."""
    with _fresh_database(request, kind, folder) as url, open_site(url, folder) as site:
        yield site


@contextlib.contextmanager
def _fresh_database(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        path = folder / "signalbox.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    template, server = request.getfixturevalue("postgres_template"), request.getfixturevalue("postgres_url")
    name = "j" + os.urandom(6).hex()
    create(server, name, template)
    yield plain(named(server, name))
    drop(server, name)
