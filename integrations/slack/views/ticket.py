"""The dialog of *Open a Pylon issue*: what it is about, whose it is, and whether the customer is answered."""

from dataclasses import dataclass

from core.taming import JsonObject, Tame
from core.tickets import Ticketing
from integrations.slack.views import kit

OPEN_ISSUE = "open_pylon_issue"
"""The callback id of the shortcut and of the dialog."""

TITLE = "Open a Pylon issue"
LONGEST_TITLE, LONGEST_TEXT, LONGEST_ADDRESS = 150, 3000, 254
_TITLE, _TEXT, _EMAIL, _ANSWER, _VALUE = "title", "text", "email", "answer", "value"
_CONFIRMED = "answer_customer"


@dataclass(frozen=True, slots=True)
class Filled:
    """What was filled in."""

    title: str
    text: str
    email: str | None
    answers_customer: bool


def ticket_dialog(words: str, ticketing: Ticketing, metadata: str) -> JsonObject:
    """The dialog over a message; ``metadata`` comes back with it."""
    account = ticketing.account_name or ticketing.account_id
    whose = f"For *{kit.escape(account)}*, whose channel this is." if account else "Pylon knows no account here."
    answer: JsonObject = {
        "type": "checkboxes",
        "action_id": _VALUE,
        "options": [{"value": _CONFIRMED, "text": kit.plain("Also answer the customer in Slack")}],
    }
    return kit.modal(
        TITLE,
        [
            kit.section(whose),
            _field(_TITLE, "Title", _first_line(words), LONGEST_TITLE),
            _field(_TEXT, "What it is about", words[:LONGEST_TEXT], LONGEST_TEXT, is_long=True),
            _field(_EMAIL, "The customer's e-mail address", ticketing.requester_email or "", LONGEST_ADDRESS,
                   is_optional=bool(account)),
            kit.entry(_ANSWER, "Customer", answer, hint="Pylon then posts the text above in the customer's channel. "
                      "Otherwise the issue is internal, and the customer is not told of it."),
        ],
        close="Cancel",
        submit=kit.plain("Open"),
        callback_id=OPEN_ISSUE,
        private_metadata=metadata,
    )  # fmt: skip


def opened_already(url: str) -> JsonObject:
    """The conversation has an issue."""
    return kit.modal(TITLE, [kit.section(f"This conversation is an issue already: {kit.link(url, 'open it')}.")])


def asked_dialog() -> JsonObject:
    """What the dialog says once the wish is stored."""
    return kit.modal(TITLE, [kit.section(":white_check_mark: *Stored.* A direct message brings you the link.")])


def problem(sentence: str, block: str = _TITLE) -> JsonObject:
    """The answer to a submission that cannot be taken: the dialog stays open with what was filled in."""
    return {"response_action": "errors", "errors": {block: sentence}}


def address_needed() -> JsonObject:
    """Pylon wants an account or a person."""
    return problem("Pylon knows no account of this channel: whose issue is it? For example ada@globex.example.", _EMAIL)


def read_ticket(view: Tame) -> Filled | None:
    """What was filled into the dialog; None without a title or a text."""
    values = view.object("state").object("values")
    title, text, email = (
        (values.object(block).object(_VALUE).text("value") or "").strip() for block in (_TITLE, _TEXT, _EMAIL)
    )
    chosen = [each.text("value") for each in values.object(_ANSWER).object(_VALUE).objects("selected_options")]
    if not (title and text):
        return None
    return Filled(title[:LONGEST_TITLE], text[:LONGEST_TEXT], email[:LONGEST_ADDRESS] or None, _CONFIRMED in chosen)


def _first_line(words: str) -> str:
    return kit.shorten(next(iter(words.strip().splitlines()), ""), LONGEST_TITLE)


def _field(
    block: str, label: str, value: str, limit: int, *, is_long: bool = False, is_optional: bool = False
) -> kit.Block:
    element: JsonObject = {"type": "plain_text_input", "action_id": _VALUE, "multiline": is_long, "max_length": limit}
    if value:
        element["initial_value"] = value
    return kit.entry(block, label, element) | {"optional": is_optional}
