"""HTML as a person would read it aloud: lines, list items and links, nothing else. Total on hostile markup."""

import html
import re
from collections.abc import Iterator

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, Tag
from bs4.exceptions import ParserRejectedMarkup

from core.taming import clean

MAX_CHARACTERS = 100_000
"""Markup beyond this is cut off; a customer's words are far shorter."""

_ITEM = "- "
_UNSEEN = frozenset({"script", "style", "head", "title", "template", "noscript", "iframe", "object", "svg"})
_TEXT_BLOCKS = {"blockquote", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre"}
_PAGE_BLOCKS = {
    "address",
    "article",
    "aside",
    "figure",
    "footer",
    "form",
    "header",
    "main",
    "section",
    "table",
    "tr",
    "ul",
}
_BLOCKS = frozenset(_TEXT_BLOCKS | _PAGE_BLOCKS)
_HUGE_REFERENCE = re.compile(r"&#[xX]?[0-9A-Fa-f]{8,};?")
_DECLARATION = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^>]*>?", re.DOTALL)
_TAG = re.compile(r"""<(?:(/?[A-Za-z][A-Za-z0-9]*)((?:[^<>"']|"[^"<]*"|'[^'<]*')*+|[^<>]*)>)?""")
_HREF = re.compile(
    r"""(?:^|\s)href\s*=\s*(?:"\s*(https?://[^"\s]*)|'\s*(https?://[^'\s]*)|(https?://[^\s"']*))""", re.IGNORECASE
)
_MARKUP = re.compile(
    r"</?(?:a|b|blockquote|br|code|div|em|h[1-6]|hr|i|img|li|ol|p|pre|span|strong|table|td|tr|u|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)


def readable(markup: str) -> str:
    """The text of an HTML fragment: blocks and ``<br>`` as line breaks, ``- `` before list items, ``text (url)`` for
    http(s) links, entities decoded, whitespace collapsed.
    """
    reduced = _reduced(clean(markup)[:MAX_CHARACTERS])
    try:
        tree = BeautifulSoup(f"<div>{reduced}</div>", "html.parser")
    except ParserRejectedMarkup:
        return _tidy(re.sub(r"\s+", " ", html.unescape(_TAG.sub(" ", reduced))))
    page = _Page()
    _walk(tree, page)
    return _tidy("".join(page.pieces))


def readable_if_markup(text: str) -> str:
    """A text of unknown kind: read as HTML only when it has tags of a message, so that ``a < b`` stays what it is."""
    return readable(text) if _MARKUP.search(text) else clean(text[:MAX_CHARACTERS]).strip()


def _reduced(markup: str) -> str:
    """The markup with nothing but whole tags, free of attributes except web links.

    Python's ``html.parser`` takes time quadratic in the number of unclosed tags, quotes and comments
    (https://github.com/python/cpython/issues/135462), so it gets to see none; and nobody gets to see a character
    reference whose number is too long for ``int``.
    """
    markup = _HUGE_REFERENCE.sub("\N{REPLACEMENT CHARACTER}", markup)
    return _TAG.sub(_plain_tag, _DECLARATION.sub("", markup))


def _plain_tag(match: re.Match[str]) -> str:
    name, attributes = match[1], match[2]
    if not name:
        return "&lt;"
    link = _HREF.search(attributes) if name in ("a", "A") else None
    if link is None:
        return f"<{name}>"
    url = html.escape(html.unescape(link[1] or link[2] or link[3]))
    return f'<a href="{url}">'


class _Page:
    """What has been read so far; a block starts on a fresh line, but only one."""

    def __init__(self) -> None:
        self.pieces: list[str] = []

    def text(self, text: str) -> None:
        collapsed = re.sub(r"\s+", " ", text)
        if not self.pieces or self.pieces[-1].endswith(("\n", " ")):
            collapsed = collapsed.lstrip()
        if collapsed:
            self.pieces.append(collapsed)

    def line(self) -> None:
        if self.pieces and not self.pieces[-1].endswith(("\n", _ITEM)):
            self.pieces.append("\n")

    def enter(self, tag: Tag) -> None:
        if tag.name == "br":
            self.pieces.append("\n")
        elif tag.name in _BLOCKS:
            self.line()
        if tag.name == "li":
            self.pieces.append(_ITEM)

    def leave(self, tag: Tag, start: int) -> None:
        if tag.name in _BLOCKS:
            self.line()
        elif tag.name in ("td", "th"):
            self.text(" ")
        elif tag.name == "a" and (url := tag.get("href")):
            shown = self.pieces[start].strip() if len(self.pieces) == start + 1 else None
            if shown != url:
                self.text(f" ({url})" if len(self.pieces) > start else str(url))


def _walk(root: Tag, page: _Page) -> None:
    """Depth first without recursion: markup may be nested as deep as it is long."""
    open_tags: list[tuple[Tag, int, Iterator[PageElement]]] = [(root, 0, iter(root.contents))]
    while open_tags:
        tag, start, rest = open_tags[-1]
        node = next(rest, None)
        if node is None:
            page.leave(tag, start)
            open_tags.pop()
        elif isinstance(node, Tag):
            if node.name not in _UNSEEN:
                page.enter(node)
                open_tags.append((node, len(page.pieces), iter(node.contents)))
        elif type(node) is NavigableString:
            page.text(node)


def _tidy(text: str) -> str:
    lines = re.sub(r" *\n *", "\n", clean(text))
    return re.sub(r"\n{3,}", "\n\n", lines).strip()
