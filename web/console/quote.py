"""A customer's words as a card of text, to be pasted where a decision is made."""

from db import Signal
from web.console.wording import account_label, day, platform_name, web_link


def quote_of(signal: Signal) -> str:
    """The words, each line quoted; who said them, for whom, where and when; and the link to the original."""
    words = "\n".join(f"> {line}".rstrip() for line in signal.verbatim.splitlines())
    who = signal.author_name or signal.author_email or signal.author_external_id or "Somebody"
    account = signal.account_name or account_label(signal.source, signal.account_external_id)
    place = f"{platform_name(signal.source)}, {day(signal.occurred_at)}"
    lines = [words, "", "— " + ", ".join(part for part in (who, account, place) if part)]
    url = web_link(signal.source_url)
    return "\n".join([*lines, url] if url else lines)
