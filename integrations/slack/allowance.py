"""How fast Slack lets an app read history, found out from its answers: there is no way to ask.

Internal apps and those of the Marketplace read at Tier 3 (about 50 requests a minute); other distributed apps one
request a minute with 15 messages: https://docs.slack.dev/apis/web-api/rate-limits#rate-limits-for-non-marketplace-apps
"""

from core.history import Allowance

ASKED_AT_ONCE = 500
"""Half of the most that ``conversations.history`` takes: larger answers keep Slack busy for seconds."""
WIDE = Allowance(ASKED_AT_ONCE, 2.0)
NARROW = Allowance(15, 60.0)

_BURST = 20
"""Requests that may follow each other at once. With what `WIDE` paces, a minute stays below Slack's 50."""
_LONG_PAUSE = 30.0
"""Tier 3 asks for pauses of seconds; only who may ask once a minute is sent away for so long."""


def seen(before: Allowance | None, *, given: int, has_more: bool) -> Allowance:
    """What a page of history tells: a few messages of many, although more are there, are what a narrow app gets."""
    if given > NARROW.page_size:
        return WIDE
    if has_more and given > 0:
        return NARROW
    return before or WIDE


def slowed(before: Allowance | None, seconds: float) -> Allowance | None:
    """What a pause tells. Pages are still asked for as large ones, so that a mistake corrects itself."""
    if seconds < _LONG_PAUSE or before == NARROW:
        return before
    return Allowance(ASKED_AT_ONCE, NARROW.pace_seconds)


def wait(allowance: Allowance, requests_made: int) -> float:
    """Seconds until the next request."""
    return 0.0 if requests_made < _BURST and not allowance.is_narrow else allowance.pace_seconds
