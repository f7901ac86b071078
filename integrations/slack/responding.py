"""Which function acts on which event that carries no words."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from core.errors import StepFailed
from core.logs import get_logger
from integrations.slack.home import show_home
from integrations.slack.listeners import LISTENERS, Happening, Lifecycle
from integrations.slack.surfaces import Surfaces
from integrations.slack.unfurling import unfurl

log = get_logger()

SHOWINGS: Mapping[str, Callable[[Happening, Surfaces], None]] = MappingProxyType(
    {"app_home_opened": show_home, "link_shared": unfurl}
)
"""Events after which something is shown."""


def respond(happening: Happening, lifecycle: Lifecycle, surfaces: Surfaces) -> None:
    """Acts on the event, if somebody listens to it."""
    if listener := LISTENERS.get(happening.type):
        listener(happening, lifecycle)
    if show := SHOWINGS.get(happening.type):
        _show(show, happening, surfaces)


def _show(show: Callable[[Happening, Surfaces], None], happening: Happening, surfaces: Surfaces) -> None:
    """What Slack will never let us show (a scope that was left out) is not tried again."""
    try:
        show(happening, surfaces)
    except StepFailed as failure:
        if not failure.permanent:
            raise
        log.info("slack_surface_failed", kind=happening.type, reason=failure.reason)
