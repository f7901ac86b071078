"""*Open a Pylon issue*: the shortcut opens a dialog over the message, and sending it off stores the wish.

The issue is internal unless the person confirms in the dialog that the customer is answered.
"""

import re

import msgspec

from core.errors import NotJsonObject
from core.taming import JsonObject, Tame, parse_object
from core.tickets import TicketWish
from integrations.slack.asking_dialog import PRIVATE, is_talk
from integrations.slack.messages import Message, read_channel, read_message
from integrations.slack.surfaces import Encounter, Surfaces
from integrations.slack.views import kit
from integrations.slack.views.ticket import (
    TITLE,
    address_needed,
    asked_dialog,
    opened_already,
    problem,
    read_ticket,
    ticket_dialog,
)

INCOMPLETE = "Slack did not say enough of this message."
CANNOT = (
    "This is for members of the workspace in Signalbox (viewers excepted), once Pylon is connected there with an API "
    "token."
)
NOT_STORED = "Signalbox could not store this just now, and no issue was opened. Try again in a moment."
_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,80}", re.ASCII)
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")


def open_ticket_dialog(encounter: Encounter, surfaces: Surfaces) -> JsonObject | None:
    """Shows the dialog, or why there is none."""
    if encounter.visitor is None:
        return None
    trigger = encounter.interaction.body.text("trigger_id")
    view = msgspec.json.encode(_dialog(encounter, surfaces)).decode()
    surfaces.call("views.open", encounter.visitor, trigger_id=trigger, view=view)
    return None


def take_ticket(encounter: Encounter, surfaces: Surfaces) -> JsonObject | None:
    """Commits the wish before it says so; a dialog that is sent twice is one wish."""
    view, visitor = encounter.interaction.body.object("view"), encounter.visitor
    at, filled = _unpacked(view.text("private_metadata")), read_ticket(view)
    if visitor is None or at is None:
        return problem(CANNOT if visitor is None else INCOMPLETE)
    if filled is None:
        return problem("An issue needs a title and a text.")
    channel, ts = at.text("channel") or "", at.text("ts") or ""
    if filled.email and not _ADDRESS.fullmatch(filled.email):
        return address_needed()
    if not (filled.email or at.text("account")):
        return address_needed()
    wish = TicketWish(
        channel=channel, ts=ts, thread_ts=at.text("thread_ts"), url=at.text("url"), title=filled.title,
        text=filled.text, person=encounter.interaction.person.user, requester_email=filled.email,
        answers_customer=filled.answers_customer,
    )  # fmt: skip
    try:
        is_stored = surfaces.desk.wish_ticket(visitor, wish)
    except Exception:  # noqa: BLE001  # whatever kept the database from it, the person may try again
        return problem(NOT_STORED)
    return {"response_action": "update", "view": asked_dialog()} if is_stored else problem(CANNOT)


def _dialog(encounter: Encounter, surfaces: Surfaces) -> JsonObject:
    body = encounter.interaction.body
    message = read_message(body.object("message"), read_channel(body.object("channel"), "id"))
    if message is None or encounter.visitor is None:
        return kit.modal(TITLE, [kit.section(INCOMPLETE)])
    if is_talk(message.channel, body.object("channel").text("name")):
        return kit.modal(TITLE, [kit.section(PRIVATE)])
    known = surfaces.desk.ticketing(encounter.visitor, message.channel, message.ts, message.thread_ts)
    if known is None:
        return kit.modal(TITLE, [kit.section(CANNOT)])
    if known.opened_url:
        return opened_already(known.opened_url)
    return ticket_dialog(message.words or "", known, _packed(message, body, known.account_id))


def _packed(message: Message, body: Tame, account_id: str | None) -> str:
    """Where the message is, as the dialog carries it there and back."""
    domain = body.object("team").text("domain") or ""
    place = f"https://{domain}.slack.com/archives/{message.channel}/p{message.ts.replace('.', '')}"
    facts = {"channel": message.channel, "ts": message.ts, "thread_ts": message.thread_ts, "account": account_id,
             "url": place if _DOMAIN.fullmatch(domain) else None}  # fmt: skip
    return msgspec.json.encode({name: value for name, value in facts.items() if value}).decode()


def _unpacked(metadata: str | None) -> Tame | None:
    try:
        at = Tame(parse_object((metadata or "").encode("utf-8", "replace")))
    except NotJsonObject:
        return None
    return at if at.text("channel") and at.text("ts") else None
