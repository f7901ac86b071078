"""What people do with our surfaces in Slack: each kind of interaction and the function that answers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from core.adapter import Keep
from core.errors import StepFailed
from core.logs import get_logger
from core.taming import JsonObject, Tame
from integrations.slack.asking_dialog import open_dialog, take_submission
from integrations.slack.command import run
from integrations.slack.explaining import open_story
from integrations.slack.home import ACTS, switch
from integrations.slack.interaction import read_interaction
from integrations.slack.surfaces import Encounter, Surfaces, visitor_of
from integrations.slack.ticketing import open_ticket_dialog, take_ticket
from integrations.slack.views.capture import CAPTURE, not_stored
from integrations.slack.views.command import COMMAND
from integrations.slack.views.home import REFRESH
from integrations.slack.views.story import WHY
from integrations.slack.views.ticket import OPEN_ISSUE

Answer: TypeAlias = JsonObject | None
"""What Slack is told at once; None: that we have heard it."""

log = get_logger()


@dataclass(frozen=True, slots=True)
class Arriving:
    """A verified request on its way through Bolt: by which app it came, and how to commit what it says."""

    slack_app_id: str
    keep: Keep


def answer(body: JsonObject, arriving: Arriving, surfaces: Surfaces) -> Answer:
    """The answer to an interactive request; None also for what is none of ours. A submission that fails keeps its
    dialog open: closing it would say that all went well.
    """
    interaction = read_interaction(Tame(body))
    if interaction is None or (respond := INTERACTIONS.get((interaction.kind, interaction.name))) is None:
        return None
    try:
        visitor = visitor_of(surfaces, arriving.slack_app_id, interaction)
        return respond(Encounter(interaction, visitor, arriving.keep, body), surfaces)
    except StepFailed as failure:
        log.warning("slack_surface_failed", kind=interaction.kind, reason=failure.reason)
    except Exception as error:
        if interaction.kind != "view_submission":
            raise
        log.error("slack_surface_failed", kind=interaction.kind, exc_info=error)  # noqa: TRY400
    return not_stored() if interaction.kind == "view_submission" else None


INTERACTIONS: Mapping[tuple[str, str], Callable[[Encounter, Surfaces], Answer]] = MappingProxyType(
    {
        ("message_action", CAPTURE): open_dialog,
        ("view_submission", CAPTURE): take_submission,
        ("message_action", WHY): open_story,
        ("message_action", OPEN_ISSUE): open_ticket_dialog,
        ("view_submission", OPEN_ISSUE): take_ticket,
        ("command", COMMAND): run,
        **{("block_actions", action): switch for action in (*ACTS, REFRESH)},
    }
)
"""By the kind of interaction, and its callback id, command or action id."""
