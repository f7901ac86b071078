"""What no page may do, seen or unseen: errors on the console (refused by the CSP included), failed requests, 5xx."""

from playwright.sync_api import ConsoleMessage, Error, Page, Request, Response

LEFT_BEHIND = "net::ERR_ABORTED"
"""A request that was still under way when the person moved on."""


class Watch:
    """Notes everything that comes from ``base_url``; `check` fails on what no test has said to expect."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self.seen: list[str] = []
        self._expected: list[str] = []

    def follow(self, page: Page) -> None:
        """From now on, this page too."""
        page.on("console", self._on_console)
        page.on("pageerror", self._on_error)
        page.on("response", self._on_response)
        page.on("requestfailed", self._on_failure)

    def expect(self, part: str) -> None:
        """What contains this is meant to happen, and has to."""
        self._expected.append(part)

    def check(self) -> None:
        """Raises `AssertionError` naming what happened unasked, and what was expected and did not happen."""
        unasked = [line for line in self.seen if not any(part in line for part in self._expected)]
        missed = [part for part in self._expected if not any(part in line for line in self.seen)]
        assert not unasked, f"in the browser: {unasked}"
        assert not missed, f"expected in the browser: {missed}"

    def _on_console(self, message: ConsoleMessage) -> None:
        where = message.location["url"]
        if message.type in ("error", "warning") and (not where or where.startswith(self._base_url)):
            self.seen.append(f"console: {message.text} {where}")

    def _on_error(self, error: Error) -> None:
        self.seen.append(f"script: {error}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 500 and response.url.startswith(self._base_url):
            self.seen.append(f"{response.status}: {response.url}")

    def _on_failure(self, request: Request) -> None:
        if request.failure != LEFT_BEHIND and request.url.startswith(self._base_url):
            self.seen.append(f"failed: {request.url} {request.failure}")
