"""The dialog of *Capture as signal*: the words, and what a colleague makes of them."""

from dataclasses import dataclass
from typing import get_args

from core.signal import Frequency, Severity
from core.taming import JsonObject, Tame
from integrations.slack.views import kit

CAPTURE = "capture_signal"
"""The callback id of the shortcut and of the dialog."""

LONGEST_INTERPRETATION = 3000
_INTERPRETATION, _SEVERITY, _FREQUENCY, _VALUE = "interpretation", "severity", "frequency", "value"
_SHOWN_WORDS = 1500


@dataclass(frozen=True, slots=True)
class Opinion:
    """What was filled in; None where a field stayed empty."""

    interpretation: str | None
    severity: Severity | None
    frequency: Frequency | None


def capture_dialog(words: str, metadata: str) -> JsonObject:
    """The dialog over a message; ``metadata`` comes back with it."""
    interpretation = kit.text_field(
        _VALUE, "What they need, in your words. Leave it empty if their words say it.", limit=LONGEST_INTERPRETATION
    )
    return kit.modal(
        "Capture as signal",
        [
            kit.section(kit.quote(words or "(no text)", _SHOWN_WORDS)),
            kit.entry(_INTERPRETATION, "Interpretation", interpretation),
            kit.entry(_SEVERITY, "Severity", kit.select(_VALUE, "Not decided", _choices(get_args(Severity)))),
            kit.entry(_FREQUENCY, "Frequency", kit.select(_VALUE, "Not decided", _choices(get_args(Frequency)))),
            kit.context("Nothing is posted in the channel. Only your workspace in Signalbox sees the signal."),
        ],
        close="Cancel",
        submit=kit.plain("Capture"),
        callback_id=CAPTURE,
        private_metadata=metadata,
    )


def captured_dialog(console_url: str) -> JsonObject:
    """What the dialog says once the capture is stored."""
    stored = ":white_check_mark: *Stored.* It stands in Signalbox in a moment, with what you decided."
    return kit.modal(
        "Captured",
        [kit.section(stored), kit.actions(kit.button("Open Signalbox", "open_console", url=console_url))],
    )


def refused_dialog(title: str, sentence: str) -> JsonObject:
    """Why this cannot be captured."""
    return kit.modal(title, [kit.section(sentence)])


def not_stored() -> JsonObject:
    """The answer to a submission that could not be committed: the dialog stays open with what was filled in."""
    sentence = "Signalbox could not store this just now, and nothing was captured. Try again in a moment."
    return {"response_action": "errors", "errors": {_INTERPRETATION: sentence}}


def read_opinion(view: Tame) -> Opinion:
    """What was filled into the dialog. Total: whatever is not a choice of ours counts as left empty."""
    values = view.object("state").object("values")
    words = values.object(_INTERPRETATION).object(_VALUE).text("value")
    severity, frequency = (
        values.object(block).object(_VALUE).object("selected_option").text("value") for block in (_SEVERITY, _FREQUENCY)
    )
    return Opinion(
        interpretation=words.strip()[:LONGEST_INTERPRETATION] if words else None,
        severity=next((each for each in get_args(Severity) if each == severity), None),
        frequency=next((each for each in get_args(Frequency) if each == frequency), None),
    )


def _choices(values: tuple[str, ...]) -> kit.Choices:
    return [(value, value.capitalize()) for value in values]
