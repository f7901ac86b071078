"""Compresses answers that are text. What is streamed (events, exports) goes out as it is made.

The length of what is compressed tells whether parts of it repeat, and with it secrets that stand beside words of a
stranger's choosing (BREACH, https://www.breachattack.com/). So forms carry another token on each page (`web.security`),
and a compressed page is longer by a random number of bytes.
"""

import gzip
import io
import secrets
from functools import lru_cache
from typing import Final

from flask import Flask, Response, request

SMALLEST = 1_000
"""Bytes below which compression gains nothing: they fit into one packet."""

LEVEL = 6
MOST_PADDING = 100
TYPES: Final = frozenset({
    "text/html", "text/css", "text/plain", "text/javascript", "application/javascript", "application/json",
    "application/problem+json", "image/svg+xml",
})  # fmt: skip
_ENCODING = "gzip"


def register_compression(app: Flask) -> None:
    """To be registered before everything else that looks at responses: Flask asks in the opposite order."""
    app.after_request(compress)


def compress(response: Response) -> Response:
    """The response in fewer bytes, if its reader can and it pays."""
    is_file = response.direct_passthrough
    if response.mimetype not in TYPES or (response.is_streamed and not is_file):
        return response
    response.vary.add("Accept-Encoding")
    tag, is_weak = response.get_etag()
    is_named_by_its_bytes = tag is not None and not is_weak and not is_file  # the API's, which clients send back
    if is_named_by_its_bytes or response.status_code in (204, 206, 304) or not _is_wanted(response):
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) < SMALLEST:
        return response
    response.set_data(_packed_once(body) if is_file else _packed(body, secrets.randbelow(MOST_PADDING)))
    response.content_encoding = _ENCODING
    if tag is not None:
        response.set_etag(tag, weak=True)
    response.headers.pop("Accept-Ranges", None)
    return response


def _is_wanted(response: Response) -> bool:
    return "Content-Encoding" not in response.headers and request.accept_encodings.quality(_ENCODING) > 0


@lru_cache(maxsize=64)
def _packed_once(body: bytes) -> bytes:
    return _packed(body, 0)


def _packed(body: bytes, padding: int) -> bytes:
    """The padding is the name of a file in gzip's header, which readers skip."""
    packed = io.BytesIO()
    with gzip.GzipFile("-" * padding, "wb", compresslevel=LEVEL, fileobj=packed, mtime=0) as file:
        file.write(body)
    return packed.getvalue()
