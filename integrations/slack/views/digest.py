"""The digest of new signals, as it is posted in an internal channel."""

from core.taming import JsonObject, JsonValue
from core.voice import Digest
from integrations.slack.views import kit
from integrations.slack.views.signals import signal_lines


def digest_blocks(digest: Digest) -> list[JsonValue]:
    """How many and of whom, then the ones that matter most."""
    accounts = "\n".join(f"• {kit.escape(name)}: {count}" for name, count in digest.accounts)
    blocks: list[JsonObject] = [
        kit.header(digest_text(digest)),
        kit.section(accounts or "Of no account that is known."),
        kit.divider(),
        *(block for brief in digest.briefs for block in signal_lines(brief)),
        kit.context(kit.link(digest.console_url, "All of them in Signalbox")),
    ]
    shown: list[JsonValue] = [*blocks]
    return shown[: kit.MESSAGE_BLOCKS]


def digest_text(digest: Digest) -> str:
    """The digest in one line, for notifications."""
    return f"{digest.count} new signal{'' if digest.count == 1 else 's'}"
