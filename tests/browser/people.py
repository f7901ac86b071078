"""What a person at the keyboard does, and what programs send meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx
from playwright.sync_api import Locator, Page, expect

from core.clock import utc_now
from tests.journeys.site import Tenant, eventually

MOST_TABS = 60

FOCUS_IS_SEEN = """() => {
  const at = document.activeElement;
  if (at === document.body) return true;  // between the last element and the first, the browser has it
  const style = getComputedStyle(at), box = at.getBoundingClientRect();
  const drawn = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const inside = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return drawn && inside;
}"""


def tab_to(page: Page, wanted: Locator) -> None:
    """Presses Tab until the wanted element has the focus; wherever it stops on the way, it can be seen."""
    expect(wanted).to_be_visible()
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS_IS_SEEN), page.evaluate("document.activeElement.outerHTML")
        if wanted.evaluate("element => element === document.activeElement"):
            return
    raise AssertionError(f"{MOST_TABS} tabs do not reach {wanted}")


def press(page: Page, wanted: Locator) -> None:
    """Comes to a link or a button by Tab, and presses Enter."""
    tab_to(page, wanted)
    page.keyboard.press("Enter")


class Sender:
    """A program with a webhook key of the workspace."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._key = tenant.post("webhook-keys", {"name": "Sender"})["api_key"]

    def send(self, words: str, minutes_ago: int = 0) -> None:
        """One signal, said so long ago."""
        body = {
            "verbatim": words,
            "author": {"name": "Ada Byron"},
            "account": {"name": "Globex"},
            "occurred_at": (utc_now() - timedelta(minutes=minutes_ago)).isoformat(),
        }
        sent = httpx.post(f"{self._tenant.base_url}/webhooks/signals", json=body, headers={"X-API-Key": self._key})
        assert sent.status_code == 202

    def send_many(self, count: int) -> None:
        """``Wish 1`` is the newest; returns when all can be read."""
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda number: self.send(f"Wish {number}", number), range(1, count + 1)))
        eventually(lambda: self._tenant.get("stats")["pending"] == 0)
