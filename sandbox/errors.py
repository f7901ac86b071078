"""What can go wrong with the stand-ins and with playing the story."""


class SandboxError(Exception):
    """A step of the story failed; the message names the step and the HTTP status, never a body or a token."""


class SlackRefusal(Exception):
    """Slack's ``{"ok": false, "error": …}``; the error is one of Slack's own names."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


class NotInstalled(SandboxError):
    """Slack sends events only to teams where the app is installed."""
