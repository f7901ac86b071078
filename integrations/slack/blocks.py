"""The markup of messages that carry no ``text``: what their blocks and attachments say.

https://docs.slack.dev/reference/block-kit/blocks
"""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from core.taming import Tame

MOST_BLOCKS = 200


def markup_of(raw: Tame) -> str | None:
    """The message's text, else what its blocks say, else what its attachments say; None when nothing does."""
    if text := raw.text("text"):
        return text
    lines = [*_blocks(raw)] or [*_attachments(raw)]
    return "\n".join(lines) or None


def _blocks(raw: Tame) -> Iterator[str]:
    for block in list(raw.objects("blocks"))[:MOST_BLOCKS]:
        yield from filter(None, map(str.rstrip, _block(block)))


def _block(block: Tame) -> Iterator[str]:
    match block.text("type"):
        case "rich_text":
            for part in block.objects("elements"):
                yield from _rich_text(part)
        case "image" | "video":
            yield _escaped(block.text("alt_text")) or _text_object(block.object("title"))
        case _:
            yield _text_object(block.object("text"))
            for each in (*block.objects("fields"), *block.objects("elements")):
                yield _text_object(each)


def _rich_text(part: Tame) -> Iterator[str]:
    kind, content = part.text("type"), "".join(_elements(part))
    if kind == "rich_text_preformatted":
        yield f"```{content}```"
    elif kind == "rich_text_quote":
        yield from (f"&gt; {line}" for line in content.splitlines())
    elif kind == "rich_text_list":
        marks = (f"{number}. " for number in range(1, MOST_BLOCKS)) if part.text("style") == "ordered" else None
        for item in part.objects("elements"):
            yield (next(marks, "") if marks else "- ") + "".join(_elements(item))
    else:
        yield content


def _elements(part: Tame) -> Iterator[str]:
    for element in part.objects("elements"):
        if spell := ELEMENTS.get(element.text("type") or ""):
            yield spell(element)


def _styled(element: Tame) -> str:
    text = _verbatim(element, "text")
    return f"`{text}`" if element.object("style").flag("code") and text.strip() else text


def _linked(element: Tame) -> str:
    url, label = element.text("url"), element.text("text")
    if url is None:
        return _escaped(label)
    return f"<{_escaped(url)}|{_escaped(label)}>" if label else f"<{_escaped(url)}>"


def _coded(opening: str, field: str) -> Callable[[Tame], str]:
    return lambda element: f"<{opening}{_escaped(element.text(field))}>" if element.text(field) else ""


def _emoji(element: Tame) -> str:
    tone = element.text("skin_tone")
    return f":{_escaped(element.text('name'))}:" + (f":skin-tone-{_escaped(tone)}:" if tone else "")


def _dated(element: Tame) -> str:
    return f"<!date^{_escaped(element.text('timestamp'))}^|{_escaped(element.text('fallback'))}>"


ELEMENTS: Mapping[str, Callable[[Tame], str]] = MappingProxyType(
    {
        "text": _styled,
        "link": _linked,
        "user": _coded("@", "user_id"),
        "channel": _coded("#", "channel_id"),
        "usergroup": _coded("!subteam^", "usergroup_id"),
        "broadcast": _coded("!", "range"),
        "emoji": _emoji,
        "date": _dated,
        "color": lambda element: _escaped(element.text("value")),
    }
)
"""What each element of rich text is as markup."""


def _attachments(raw: Tame) -> Iterator[str]:
    for attachment in list(raw.objects("attachments"))[:MOST_BLOCKS]:
        parts = (attachment.text(name) for name in ("pretext", "title", "text"))
        said = [part for part in parts if part] or [*_blocks(attachment)]
        if text := "\n".join(said) or attachment.text("fallback"):
            yield text


def _text_object(text: Tame) -> str:
    """``plain_text`` holds no codes, so its angle brackets are what they seem."""
    content = text.text("text") or ""
    return content if text.text("type") == "mrkdwn" else _escaped(content)


def _verbatim(element: Tame, name: str) -> str:
    """Blank text counts here: it keeps words apart."""
    value = element.raw.get(name)
    return _escaped(value) if isinstance(value, str) else ""


def _escaped(text: str | None) -> str:
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
