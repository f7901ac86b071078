"""The app's home page: shown when it is opened, and again after a switch was used."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import msgspec

from core.desk import DigestPlan, Visitor
from core.errors import SignalboxError, StepFailed
from core.taming import JsonObject, Tame
from integrations.slack.audience import internal_channel
from integrations.slack.interaction import ISSUER, Person
from integrations.slack.listeners import Happening
from integrations.slack.surfaces import Encounter, Surfaces
from integrations.slack.views import home as views

USUAL_HOUR = 8
NOT_INTERNAL = (
    "The digest goes only to a channel that nobody outside your company reads, and that Signalbox was invited to."
)
NOT_ASKED = "Slack did not answer just now, so nothing was changed. Try again in a moment."
NOT_YOURS = "Only an owner or admin of the workspace changes how Signalbox listens."


def show_home(happening: Happening, surfaces: Surfaces) -> None:
    """Somebody opened the home page. Raises `StepFailed` when Slack cannot be told now."""
    user = happening.event.text("user")
    if happening.event.text("tab") != "home" or user is None:
        return
    for account in happening.accounts:
        person = Person(user, account.team_id or happening.place, account.enterprise_id)
        visitor = surfaces.desk.visitor(happening.slack_app_id, account, ISSUER, person.subject)
        if visitor is not None:
            _publish(visitor, user, surfaces)


def switch(encounter: Encounter, surfaces: Surfaces) -> None:
    """A button or menu of the page was used: the change is committed, and after the answer the page shows how things
    are. What Slack must be asked about first is done after the answer, too, and the page says how it went.
    """
    visitor, name = encounter.visitor, encounter.interaction.name
    if visitor is None:
        return
    user, action = encounter.interaction.person.user, next(encounter.interaction.body.objects("actions"), Tame(None))
    if name in ASKING_SLACK:
        surfaces.later(lambda: _publish(visitor, user, surfaces, _do(ACTS[name], visitor, action, surfaces)))
        return
    notice = _do(ACTS[name], visitor, action, surfaces) if name in ACTS else None
    surfaces.later(lambda: _publish(visitor, user, surfaces, notice))


def _do(act: "Act", visitor: Visitor, action: Tame, surfaces: Surfaces) -> str | None:
    """Why it was not done; None when it was."""
    if not visitor.may_administer:
        return NOT_YOURS
    try:
        return act(visitor, action, surfaces)
    except StepFailed:
        return NOT_ASKED
    except SignalboxError as error:
        return error.message


def _hear(visitor: Visitor, action: Tame, surfaces: Surfaces, *, on: bool) -> None:
    room, _, name = (action.text("value") or "").partition(" ")
    if room:
        surfaces.desk.hear(visitor, room, name=name or None, on=on)


def _capture_here(visitor: Visitor, action: Tame, surfaces: Surfaces) -> None:
    _hear(visitor, action, surfaces, on=True)


def _stop_here(visitor: Visitor, action: Tame, surfaces: Surfaces) -> None:
    _hear(visitor, action, surfaces, on=False)


def _choose_emoji(visitor: Visitor, action: Tame, surfaces: Surfaces) -> None:
    chosen = action.text("value") or ""
    surfaces.desk.choose_reaction(visitor, "" if chosen.strip().lower() == "none" else chosen)


def _choose_channel(visitor: Visitor, action: Tame, surfaces: Surfaces) -> str | None:
    channel = action.text("selected_conversation")
    if channel is None:
        return None
    found = internal_channel(surfaces.calls, surfaces.access.access(visitor.integration_id), channel)
    if found is None:
        return NOT_INTERNAL
    present = surfaces.desk.overview(visitor).digest
    hour = present.hour if present else USUAL_HOUR
    surfaces.desk.plan_digest(visitor, DigestPlan(channel, found.text("name"), hour))
    return None


def _choose_hour(visitor: Visitor, action: Tame, surfaces: Surfaces) -> None:
    chosen = action.object("selected_option").text("value") or ""
    present = surfaces.desk.overview(visitor).digest
    if present and chosen in {str(hour) for hour in range(24)}:
        surfaces.desk.plan_digest(visitor, DigestPlan(present.channel_id, present.channel_name, int(chosen)))


def _end_digest(visitor: Visitor, _: Tame, surfaces: Surfaces) -> None:
    surfaces.desk.plan_digest(visitor, None)


def _publish(visitor: Visitor, user: str, surfaces: Surfaces, notice: str | None = None) -> None:
    view = _view(visitor, surfaces, notice)
    surfaces.call("views.publish", visitor, user_id=user, view=msgspec.json.encode(view).decode())


def _view(visitor: Visitor, surfaces: Surfaces, notice: str | None) -> JsonObject:
    console = surfaces.desk.console()
    if not visitor.may_look:
        return views.stranger_home(console)
    return views.member_home(visitor, surfaces.desk.overview(visitor), console, notice)


Act = Callable[[Visitor, Tame, Surfaces], str | None]
ACTS: Mapping[str, Act] = MappingProxyType(
    {
        views.HEAR: _capture_here,
        views.DEAFEN: _stop_here,
        views.EMOJI: _choose_emoji,
        views.DIGEST_CHANNEL: _choose_channel,
        views.DIGEST_HOUR: _choose_hour,
        views.DIGEST_OFF: _end_digest,
    }
)
"""What the page's switches do, by action id."""
ASKING_SLACK = frozenset({views.DIGEST_CHANNEL})
"""Those that ask Slack something before they change anything."""
