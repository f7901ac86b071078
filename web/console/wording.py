"""How values read to a person: times, slugs and links, as filters of the templates."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from flask import Flask

from web.console.highlights import marked
from web.services import services

_PLATFORMS = {"slack": "Slack", "pylon": "Pylon", "webhook": "Webhook"}
SOURCES = tuple(_PLATFORMS)
_ACCOUNTS = {"slack": "Slack team", "pylon": "Pylon account"}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def register_wording(app: Flask) -> None:
    """Makes the functions here filters of every template."""
    for word in (ago, duration, day_and_time, iso, platform_name, humanized, dense, day, marked):
        app.add_template_filter(word)


def ago(moment: datetime) -> str:
    """How long ago, roughly: ``just now``, ``5 min ago``, ``3 h ago``, ``2 d ago``; from a month on, the day."""
    seconds = (services().clock() - moment).total_seconds()
    if seconds < _MINUTE:
        return "just now" if seconds > -_MINUTE else _day(moment)
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min ago"
    if seconds < _DAY:
        return f"{seconds // _HOUR:.0f} h ago"
    return f"{seconds // _DAY:.0f} d ago" if seconds < 30 * _DAY else _day(moment)


def duration(span: timedelta) -> str:
    """How long, roughly: ``3 min``, ``11 h 20 min``, ``2 d``."""
    minutes = max(0, int(span.total_seconds())) // _MINUTE
    hours, days = minutes // 60, minutes // (24 * 60)
    if days > 1:
        return f"{days} d"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"


def day_and_time(moment: datetime) -> str:
    """The moment itself: ``20 Nov 2026, 10:00 UTC``."""
    moment = moment.astimezone(UTC)
    return f"{_day(moment)}, {moment:%H:%M} UTC"


def iso(moment: datetime) -> str:
    """For machines: RFC 3339 with microseconds, of fixed width, so that texts sort like moments."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def platform_name(platform: str) -> str:
    """How the platform calls itself; a new folder's name serves until somebody spells it here."""
    return _PLATFORMS.get(platform, platform.replace("_", " ").title())


def humanized(slug: str) -> str:
    """A reason or state as words: ``token_revoked`` is ``Token revoked``, ``not_json`` is ``Not JSON``."""
    return slug.replace("_", " ").replace(".", " ").strip().capitalize().replace(" json", " JSON")


def dense(text: str) -> str:
    """The text without empty lines, for where only its first lines are shown."""
    return "\n".join(line for line in text.splitlines() if line.strip())


def account_label(source: str, external_id: str | None) -> str | None:
    """An account that has no name, by its id: ``Slack team T0789``, ``Pylon account 2d7a0c11…``."""
    if not external_id:
        return None
    short = external_id if len(external_id) <= 16 else f"{external_id[:8]}…"
    return f"{_ACCOUNTS.get(source, 'Account')} {short}"


def web_link(url: object) -> str | None:
    """The URL if it leads to a web page; None for every other scheme, which could run code when followed."""
    text = url.strip() if isinstance(url, str) else ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    return text if parts.scheme in ("http", "https") and parts.netloc else None


def day(moment: datetime) -> str:
    """The day alone: ``20 Nov 2026``."""
    return _day(moment.astimezone(UTC))


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b} {moment.year}"
