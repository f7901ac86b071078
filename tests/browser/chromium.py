"""The Chromium of this machine, headless: found, never downloaded."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # containers run tests as root, where Chromium's own sandbox does not start
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = "There is no Chromium on this machine: run  apt-get install chromium libatomic1"


def find_chromium() -> str | None:
    """The path of the program, if there is one."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def running_chromium(path: str) -> Iterator[Browser]:
    """One browser; everything that happens in it is gone with it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def require_chromium() -> str:
    """The path. Without one a person's run skips, and says why; a run in CI fails, so that it cannot go unseen."""
    path = find_chromium()
    if path is None and os.environ.get("CI", "").lower() in ("1", "true"):
        pytest.fail(MISSING)
    return path or pytest.skip(MISSING)
