"""What our surfaces in Slack work with: handed in once, by whoever puts the parts together."""

from collections.abc import Callable
from dataclasses import dataclass

from core.adapter import AccessSource, Keep
from core.desk import Desk, Visitor
from core.taming import JsonObject, Tame
from integrations.slack.afterwards import Work
from integrations.slack.client import Argument, SlackCalls
from integrations.slack.interaction import ISSUER, Interaction

SURFACE_SECONDS = 1.25
"""How long a call may take: a person waits, and Slack waits for three seconds, in which there are two calls at most."""


@dataclass(frozen=True, slots=True)
class Surfaces:
    """The desk that answers, and the way to Slack's Web API. ``later`` does what need not be done before the answer."""

    desk: Desk
    calls: SlackCalls
    access: AccessSource
    later: Callable[[Work], None]

    def call(self, method: str, visitor: Visitor, **arguments: Argument | None) -> Tame:
        """A call in the name of the visitor's connection. Raises `core.errors.StepFailed`."""
        return self.calls.call(method, self.access.access(visitor.integration_id), **arguments)


@dataclass(frozen=True, slots=True)
class Encounter:
    """An interaction that is to be answered now: ``visitor`` is None when the installation is not connected, or when
    the person stands on another company's side.
    """

    interaction: Interaction
    visitor: Visitor | None
    keep: Keep
    payload: JsonObject


def visitor_of(surfaces: Surfaces, slack_app_id: str, interaction: Interaction) -> Visitor | None:
    """Who acts, if they are of ours. The connection's own account decides, not what the payload says of itself."""
    person = interaction.person
    visitor = surfaces.desk.visitor(slack_app_id, interaction.account, ISSUER, person.subject)
    return visitor if visitor and person.is_of(visitor.account) else None
