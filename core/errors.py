"""Errors are decisions: each carries a stable reason slug, a sentence for a person, and what to do next.

The table from reason to HTTP status is in ``web/errors.py``; nothing else maps errors to answers.
"""

from dataclasses import dataclass


class SignalboxError(Exception):
    """Something was refused or went wrong; ``reason`` is stable, ``message`` says the fix."""

    def __init__(self, reason: str, message: str = "") -> None:
        super().__init__(message or reason)
        self.reason = reason
        self.message = message or reason


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field of a request that cannot be accepted, and why."""

    field: str
    message: str


class InvalidFields(SignalboxError):
    """A request whose shape is right but whose fields are not; names every one of them."""

    def __init__(self, errors: list[FieldError]) -> None:
        named = ", ".join(error.field for error in errors)
        super().__init__("invalid_fields", f"These fields cannot be accepted: {named}.")
        self.errors = errors


class NotJsonObject(SignalboxError):
    """A body that was to be a JSON object and is not."""

    def __init__(self) -> None:
        super().__init__("not_json_object", "The body must be one JSON object, encoded as UTF-8.")


class NotFound(SignalboxError):
    """No such thing in this workspace (or not in this one)."""

    def __init__(self, what: str) -> None:
        super().__init__("not_found", f"There is no such {what} in this workspace.")


class Conflict(SignalboxError):
    """The request contradicts the present state."""


class Forbidden(SignalboxError):
    """The caller is known and may not do this."""


class Unauthenticated(SignalboxError):
    """The caller is not known."""


class SettingsError(SignalboxError):
    """The environment cannot be used; the message names every problem at once."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("invalid_settings", "Signalbox cannot start:\n" + "\n".join(f"  - {p}" for p in problems))
        self.problems = problems


class SealBroken(SignalboxError):
    """A sealed value does not open: wrong key, altered, or moved from another row."""


class StepFailed(SignalboxError):
    """Work between transactions failed. ``permanent`` ends it; otherwise it is tried again, not before
    ``retry_after`` seconds when the other side asked for a pause.
    """

    def __init__(self, reason: str, *, permanent: bool, message: str = "", retry_after: float | None = None) -> None:
        super().__init__(reason, message)
        self.permanent = permanent
        self.retry_after = retry_after

    @property
    def is_pause(self) -> bool:
        """Whether the other side only asked to wait: nothing went wrong, and no attempt is used up."""
        return not self.permanent and self.retry_after is not None
