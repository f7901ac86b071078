"""What Signalbox says in Slack by itself: direct messages to people of ours, and the digest in a channel of ours."""

import msgspec

from core.adapter import Access
from core.errors import StepFailed
from core.voice import Captured, Digest
from integrations.slack.audience import is_internal
from integrations.slack.client import SlackCalls
from integrations.slack.views import kit
from integrations.slack.views.digest import digest_blocks, digest_text


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

    def tell_ticket(self, access: Access, person: str, url: str | None, problem: str | None) -> None:
        """See `core.tickets.TicketVoice`: a direct message, like every answer of ours."""
        done = (
            f":white_check_mark: The Pylon issue is open: {kit.link(url, 'see it')}"
            if url
            else ":white_check_mark: The Pylon issue is open."
        )
        text = f":warning: No Pylon issue was opened. {kit.escape(problem)}" if problem else done
        blocks = msgspec.json.encode([kit.section(text)]).decode()
        plain = problem or f"The Pylon issue is open: {url or 'see Pylon'}"
        self._calls.call("chat.postMessage", access, channel=person, text=plain, blocks=blocks, unfurl_links=False)

    def post_digest(self, access: Access, channel: str, digest: Digest) -> None:
        """See `core.voice.Voice.post_digest`."""
        if not is_internal(self._calls, access, channel):
            raise StepFailed("digest_channel_shared", permanent=True)
        blocks, text = msgspec.json.encode(digest_blocks(digest)).decode(), digest_text(digest)
        self._calls.call("chat.postMessage", access, channel=channel, text=text, blocks=blocks, unfurl_links=False)
