"""The app's home page in Slack: how the connection fares, the channels with their switches, the latest signals."""

from collections.abc import Iterator
from datetime import timedelta

from core.desk import DigestPlan, Overview, Room, Token, Visitor
from core.taming import JsonObject, JsonValue
from integrations.slack.views import kit
from integrations.slack.views.kit import Block
from integrations.slack.views.signals import signal_lines
from integrations.slack.views.when import shown, span

HEAR, DEAFEN, REFRESH, OPEN = "home_hear", "home_deafen", "home_refresh", "open_console"
RECONNECT = "open_reconnect"
DIGEST_CHANNEL, DIGEST_HOUR, DIGEST_OFF = "home_digest_channel", "home_digest_hour", "home_digest_off"
EMOJI = "home_emoji"

_HEARS = {"external": "people outside your company", "all": "everybody", None: "only when asked"}
_HOURS = tuple((str(hour), f"{hour:02d}:00 UTC") for hour in range(24))
_OFF_QUESTION = kit.confirm(
    "Stop capturing here?",
    "Signals stay. From now on only what is asked for is captured here.",
    yes="Stop",
    no="Cancel",
)


def stranger_home(console_url: str) -> JsonObject:
    """For whoever is no member of the workspace: what this is, and how to get in."""
    what = (
        "Signalbox keeps what customers say in shared channels where your team can find it. Choose *Capture as signal* "
        "from a message's menu, put :inbox_tray: on it, or mention the app."
    )
    how = f"To see signals here, sign in with Slack at {kit.link(console_url, 'the console')}; an admin invites you."
    return _home([kit.header("Signalbox"), kit.section(what), kit.section(how)])


def member_home(visitor: Visitor, overview: Overview, console_url: str, notice: str | None = None) -> JsonObject:
    """The page; only admins see switches. ``notice`` says why something was not changed."""
    blocks: list[Block] = [
        kit.header(f"Signalbox for {visitor.workspace_name}"),
        *([kit.section(f":warning: {kit.escape(notice)}")] if notice else []),
        kit.section("\n".join(status_lines(overview))),
        kit.actions(*_buttons(overview, console_url, may_reconnect=visitor.may_administer)),
        kit.divider(),
        *_rooms(overview, switches=visitor.may_administer),
        kit.divider(),
        *_asking(overview, switches=visitor.may_administer),
        *_digest(overview.digest, switches=visitor.may_administer),
        kit.divider(),
        *_latest(overview),
    ]
    return _home(blocks)


def status_lines(overview: Overview) -> Iterator[str]:
    """Connection, token and traffic, a line each."""
    if overview.problem:
        yield f":x: The connection does not work: {kit.escape(overview.problem)}."
    elif not overview.is_active:
        yield ":double_vertical_bar: Paused: events are received and ignored."
    else:
        yield ":white_check_mark: Connected."
    yield from _token_lines(overview.token)
    if overview.last_event_at:
        yield f"Last event {shown(overview.last_event_at)}. Signals today: {overview.signals_today}."
    else:
        yield "No event has come yet."


def _token_lines(token: Token) -> Iterator[str]:
    """When it ends, when it was renewed, and why it was not."""
    if token.expires_at and token.expires_in is not None:
        when = shown(token.expires_at)
        is_over = token.expires_in <= timedelta()
        yield f"The token ended {when}." if is_over else f"The token ends in {span(token.expires_in)} ({when})."
    if token.refreshed_at:
        yield f"Last refresh: {shown(token.refreshed_at)}."
    if token.problem:
        yield f":warning: The token could not be renewed. {kit.escape(token.problem)}"


def _buttons(overview: Overview, console_url: str, *, may_reconnect: bool) -> Iterator[JsonObject]:
    yield kit.button("Open Signalbox", OPEN, url=console_url)
    yield kit.button("Refresh", REFRESH)
    if may_reconnect and overview.needs_reconnect:
        yield kit.button("Reconnect", RECONNECT, url=overview.reconnect_url, style="primary")
    elif may_reconnect:
        yield kit.button("Add to Slack again", RECONNECT, url=overview.reconnect_url)


def _rooms(overview: Overview, *, switches: bool) -> Iterator[Block]:
    scope = "These channels are captured." if overview.picks_rooms else "Every shared channel that the app is in."
    yield kit.section(f"*Channels*\n{scope}")
    for room in overview.rooms:
        yield kit.section(f"*#{kit.escape(room.name)}*: {_HEARS[room.hears]}", _switch(room) if switches else None)
    if not overview.rooms:
        yield kit.context("None is known yet: invite the app to a channel with /invite.")


def _switch(room: Room) -> JsonObject:
    if room.hears:
        return kit.button("Stop", DEAFEN, value=f"{room.id} {room.name}") | {"confirm": _OFF_QUESTION}
    return kit.button("Capture", HEAR, value=f"{room.id} {room.name}", style="primary")


def _asking(overview: Overview, *, switches: bool) -> Iterator[Block]:
    emoji = f":{kit.escape(overview.reaction)}:" if overview.reaction else "none"
    yield kit.section(f"*Emoji that captures*: {emoji}")
    if switches:
        field: JsonObject = {"type": "plain_text_input", "action_id": EMOJI, "max_length": 100}
        field["placeholder"] = kit.plain("Name of an emoji, or none", 150)
        yield kit.entry("emoji", "Another emoji", field) | {"dispatch_action": True}


def _digest(plan: DigestPlan | None, *, switches: bool) -> Iterator[Block]:
    where = f"#{kit.escape(plan.channel_name or plan.channel_id)} at {plan.hour:02d}:00 UTC" if plan else "nowhere"
    yield kit.section(f"*Daily digest of new signals*: {where}")
    if plan and plan.problem:
        yield kit.context(f":warning: {kit.escape(plan.problem)}.")
    if switches:
        yield kit.actions(*_digest_switches(plan))


def _digest_switches(plan: DigestPlan | None) -> Iterator[JsonObject]:
    picker: JsonObject = {"type": "conversations_select", "action_id": DIGEST_CHANNEL}
    picker["placeholder"] = kit.plain("An internal channel", 150)
    picker["filter"] = {
        "include": ["public", "private"],
        "exclude_external_shared_channels": True,
        "exclude_bot_users": True,
    }
    yield picker
    if plan:
        yield kit.select(DIGEST_HOUR, "Hour", _HOURS, str(plan.hour))
        yield kit.button("No digest", DIGEST_OFF)


def _latest(overview: Overview) -> Iterator[Block]:
    yield kit.section("*Latest signals*")
    for brief in overview.latest:
        yield from signal_lines(brief)
    if not overview.latest:
        yield kit.context("None yet.")


def _home(blocks: list[Block]) -> JsonObject:
    shown_blocks: list[JsonValue] = [*blocks]
    return {"type": "home", "blocks": shown_blocks[: kit.BLOCKS]}
