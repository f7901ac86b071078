"""Who of the people in our own Slack is a colleague: a guest stands in our team, but for another company."""

from core.desk import Visitor
from core.errors import StepFailed
from core.taming import Tame
from integrations.slack.interaction import Person
from integrations.slack.message_lookup import find_person
from integrations.slack.surfaces import Surfaces


def is_colleague(visitor: Visitor, person: Person, surfaces: Surfaces) -> bool | None:
    """Members are; whoever is none is asked for, since a request of Slack does not say it. None where Slack will not
    tell us (``users:read`` was left out). Raises `StepFailed` when Slack cannot be asked now.
    """
    if visitor.may_look:
        return True
    try:
        found = Tame(find_person(surfaces.calls, person.user, surfaces.access.access(visitor.integration_id)))
    except StepFailed as failure:
        if failure.permanent:
            return None
        raise
    return bool(found) and not found.flag("is_guest")
