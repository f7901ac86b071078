"""Saying again what a stored event said, kept or not: nothing is copied, the words stay where they arrived."""

from typing import Protocol

from core.adapter import ReceivedEvent, Recipient
from core.signal import Capture, Removal


class Reteller(Protocol):
    """One platform's."""

    def retell(self, event: ReceivedEvent, recipient: Recipient) -> Capture | Removal | None:
        """The words as a signal of the recipient would have them, or their deletion; None for an event of which neither
        is left. Pure and total.
        """
