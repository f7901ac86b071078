"""What Signalbox says in Slack by itself: direct messages to people of ours."""

import msgspec

from core.adapter import Access
from core.voice import Captured
from integrations.slack.client import SlackCalls
from integrations.slack.views import kit


class SlackVoice:
    """Implements `core.voice.Voice`."""

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls

    def tell_captured(self, access: Access, person: str, captured: Captured) -> None:
        """A direct message: what is said there, nobody else sees, which holds for no message in a channel.

        A user's id as the channel: https://docs.slack.dev/reference/methods/chat.postMessage
        """
        whose = f"what {captured.author} said" if captured.author else "what was said"
        text = f":white_check_mark: Captured as a signal: {kit.link(captured.url, whose)}"
        blocks = msgspec.json.encode([kit.section(text)]).decode()
        plain = f"Captured as a signal: {captured.url}"
        self._calls.call("chat.postMessage", access, channel=person, text=plain, blocks=blocks, unfurl_links=False)
