"""Every page of the console, and how to come there: for whatever looks at all of them."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from playwright.sync_api import Page

Way: TypeAlias = Callable[[Page], object]


def at(path: str) -> Way:
    """By its address."""
    return lambda page: page.goto(path)


def by(path: str, link: str) -> Way:
    """By the first such link of another page."""

    def follow(page: Page) -> None:
        page.goto(path)
        page.goto(str(page.locator(link).first.get_attribute("href")))

    return follow


def _keyboard(page: Page) -> None:
    page.goto("/signals")
    page.keyboard.press("?")


def _asked(page: Page) -> None:
    page.goto("/integrations")
    page.locator(".ask summary").first.click()


def _shown_once(page: Page) -> None:
    page.goto("/webhook-keys")
    page.get_by_label("Name").fill("Zapier")
    page.get_by_role("button", name="Create key").click()


def _sent_again(page: Page) -> None:
    _shown_once(page)
    page.get_by_role("link", name="I have copied it").wait_for()
    page.reload()


def _refused(page: Page) -> None:
    page.goto("/integrations/pylon")
    page.get_by_label("Name").fill("Desk")
    page.get_by_label("API token").fill("mistyped")
    page.get_by_role("button", name="Check and go on").click()


def _api_docs(page: Page) -> None:
    """The first routes stand for all: they are of one template, and axe-core takes half a minute for the whole."""
    page.goto("/api/docs")
    others = "section:nth-of-type(n+3):not(#objects), article:nth-of-type(n+3)"
    page.evaluate("others => document.querySelectorAll(others).forEach(other => other.remove())", others)


_PYLON = by("/integrations", ".entry:has(.mark-pylon) a[href$='/pylon']")


def _pylon_steps(page: Page) -> None:
    """With every step open, those that are done too."""
    _PYLON(page)
    page.locator("details.step").evaluate_all("steps => steps.forEach(step => { step.open = true; })")


def _pylon_checks(page: Page) -> None:
    _PYLON(page)
    page.locator("#step-5").evaluate("step => step.closest('section').scrollIntoView()")


def _begun_slack_app(page: Page) -> None:
    page.goto("/slack-apps")
    page.get_by_label("Name").fill("Signalbox of Acme")
    page.get_by_role("button", name="Begin").click()


FURNISHED: Mapping[str, Way] = {
    "overview": at("/"),
    "signals": at("/signals"),
    "signals-filtered": at("/signals?severity=high"),
    "signals-keyboard": _keyboard,
    "search": at("/signals?q=export"),
    "signal": by("/signals?q=export", "[data-open]"),
    "signal-of-pylon": by("/signals?source=pylon", "[data-open]"),
    "accounts": at("/accounts"),
    "account": by("/accounts", "tbody a"),
    "integrations": at("/integrations"),
    "integrations-pause": _asked,
    "integration": by("/integrations", ".entry:has(.mark-slack) a[href^='/integrations/']"),
    "disconnect": by("/integrations", "a[href$='/disconnect']"),
    "pylon-begin": at("/integrations/pylon"),
    "pylon-refused": _refused,
    "pylon-set-up": _pylon_steps,
    "pylon-checks": _pylon_checks,
    "integration-of-pylon": by(
        "/integrations", ".entry:has(.mark-pylon) a[href^='/integrations/']:not([href$='/pylon'])"
    ),
    "slack-app-begun": _begun_slack_app,
    "slack-apps": at("/slack-apps"),
    "webhook-keys": at("/webhook-keys"),
    "webhook-key-shown-once": _shown_once,
    "form-sent-again": _sent_again,
    "events": at("/events"),
    "event": by("/events?state=failed", ".entry-head a"),
    "members": at("/members"),
    "api-tokens": at("/api-tokens"),
    "audit-log": at("/audit-log"),
    "settings": at("/settings"),
    "your-account": at("/account"),
    "nothing-here": at("/signals/sig_unknown"),
}
"""In a workspace where the story was told."""

EMPTY: Mapping[str, Way] = {
    "empty-overview": at("/"),
    "empty-signals": at("/signals"),
    "empty-search": at("/signals?q=export"),
    "empty-accounts": at("/accounts"),
    "empty-integrations": at("/integrations"),
    "empty-webhook-keys": at("/webhook-keys"),
    "empty-events": at("/events"),
    "welcome": at("/welcome"),
}
"""In a fresh workspace."""

SIGNED_OUT: Mapping[str, Way] = {
    "sign-in": at("/sign-in"),
    "link-used-up": at("/sign-in/link/unknown"),
    "api-docs": _api_docs,
}
"""For whoever comes from the street."""
