"""The smallest parts of pages, which stand there by the hundred: made without a template, with everything escaped."""

from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

from flask import g, request, url_for
from markupsafe import Markup, escape

from web.console.assets import asset
from web.console.wording import ago, day_and_time, iso, platform_name

_MARKED = frozenset({"slack", "pylon", "webhook"})
_IN_PATHS, _IN_QUERIES = "!$&'()*+,/:;=@", "!$'()*,/:;?@"
"""What Werkzeug leaves as it is."""


def icon(name: str) -> Markup:
    """One of the pictures of ``icons.svg``."""
    return _icon(name, request.script_root)


def platform_mark(platform: str) -> Markup:
    """The platform's picture, with its name for who does not see it."""
    return _platform_mark(platform, request.script_root)


def badge(text: str, kind: str = "plain") -> Markup:
    """A word in a frame; ``kind`` is the last part of its style's name."""
    return _html(f'<span class="badge badge-{escape(kind)}">{escape(text)}</span>')


def when(moment: datetime) -> Markup:
    """How long ago, which the browser keeps current, and the moment itself."""
    at = day_and_time(moment)
    return _html(
        f'<time datetime="{iso(moment)}" title="{at}" data-ago>{ago(moment)}</time>\n<span class="moment">{at}</span>'
    )


def away(url: str, label: str) -> Markup:
    """A link to another site; ``url`` went through `web.console.wording.web_link`."""
    return _html(
        f'<a class="away" href="{escape(url)}" target="_blank" rel="noopener noreferrer">{escape(label)}'
        f"{icon('away')}</a>"
    )


def account_link(key: str, name: str, is_named: bool) -> Markup:
    """An account's name, or what it is called without one, as a link to what it said."""
    mark = "" if is_named else ' class="unnamed"'
    return _html(f'<a href="{escape(account_url(key))}"{mark}>{escape(name)}</a>')


def account_url(key: str) -> str:
    """The account's page; for names that a path cannot carry, the same list as a search."""
    if key.startswith((".", "/")) or "//" in key:
        return url_for("console.signals", account=key)
    return _beginning("console.account", "key") + quote(key, safe=_IN_PATHS)


def signal_url(signal_id: str) -> str:
    """The signal's page."""
    return _beginning("console.signal", "signal_id") + signal_id


def channel_url(channel: str) -> str:
    """What was said in a channel, by its id."""
    return f"{_beginning('console.signals')}?channel={quote_plus(channel, safe=_IN_QUERIES)}"


def _beginning(endpoint: str, last: str | None = None) -> str:
    """An endpoint's address up to its ``last`` part, built once per request: a page asks a hundred times."""
    known: dict[str, str] = g.setdefault("beginnings", {})
    if endpoint not in known:
        values: dict[str, Any] = {last: "-"} if last else {}
        known[endpoint] = url_for(endpoint, **values).removesuffix("-")
    return known[endpoint]


def _html(text: str) -> Markup:
    return Markup(text)  # noqa: S704  # whoever calls it has escaped what is not ours


@lru_cache(maxsize=256)
def _icon(name: str, _script_root: str) -> Markup:
    picture = f"{asset('icons.svg')}#{name}"
    return _html(f'<svg class="icon" aria-hidden="true" focusable="false"><use href="{escape(picture)}"/></svg>')


@lru_cache(maxsize=256)
def _platform_mark(platform: str, _script_root: str) -> Markup:
    mark = platform if platform in _MARKED else "other"
    name = escape(platform_name(platform))
    return _html(f'<span class="mark mark-{mark}">{icon(mark)}<span class="hidden">{name}</span></span>')


PARTS = (icon, platform_mark, badge, when, away, account_link, account_url, signal_url, channel_url)
"""What templates may use."""
