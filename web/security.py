"""What protects browsers: security headers on every response, and no change of state at another site's request.

Routes whose callers prove themselves without a cookie (bearer tokens, signatures, keys) cannot be forged
and are exempt: https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

import secrets
from typing import cast
from urllib.parse import urlsplit

from flask import Flask, Response, g, request

from core.errors import Forbidden
from core.signatures import equals_any
from web.services import services
from web.session import signed_in

CSRF_FIELD = "csrf_token"
WITHOUT_COOKIES = ("/api/", "/slack/", "/webhooks/")
"""Paths whose mutations never look at the session cookie."""

CONTENT_SECURITY_POLICY = "; ".join((
    "default-src 'none'", "style-src 'self'", "script-src 'self'", "img-src 'self' data:", "connect-src 'self'",
    "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
))  # fmt: skip
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Set where the view itself decided nothing else."""

_HSTS = "max-age=31536000"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def register_security(app: Flask) -> None:
    """Guards all of the app's routes, errors included."""
    app.before_request(_refuse_forged)
    app.after_request(_with_headers)
    app.add_template_global(csrf_token)


def csrf_token() -> str:
    """The value of the field ``csrf_token`` in this page's forms; empty when nobody is signed in.

    The session's token under a mask that is new for each page: pages are compressed, and the same token beside words of
    a stranger's choosing could be told from their lengths (https://www.breachattack.com/).
    """
    if "csrf_token" not in g:
        secret = _csrf_secret()
        mask = secrets.token_bytes(len(secret))
        g.csrf_token = (mask + _masked(secret, mask)).hex()
    return cast("str", g.csrf_token)


def _refuse_forged() -> None:
    """The browser's own word first (Sec-Fetch-Site, Origin), then the token that only our pages know.

    Raises `Forbidden` with reason ``cross_site_request`` or ``csrf_token_mismatch``.
    """
    if request.method in _SAFE_METHODS or request.endpoint is None or request.path.startswith(WITHOUT_COOKIES):
        return
    if _from_another_site():
        raise Forbidden("cross_site_request", "This was asked for by another site. Open the page here and try again.")
    if signed_in() and not equals_any([_csrf_secret().hex()], _unmasked(request.form.get(CSRF_FIELD, ""))):
        raise Forbidden("csrf_token_mismatch", "This form is out of date. Go back, reload the page and try again.")


def _csrf_secret() -> bytes:
    person = signed_in()
    return bytes.fromhex(services().digester.digest("csrf", person.session_id)) if person else b""


def _masked(text: bytes, mask: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(text, mask, strict=True))


def _unmasked(token: str) -> str:
    """The session's token in hex; of anything that `csrf_token` did not make, something else."""
    try:
        masked = bytes.fromhex(token)
        half = len(masked) // 2
        return _masked(masked[half:], masked[:half]).hex()
    except ValueError:
        return ""


def _from_another_site() -> bool:
    """Whether the browser says so. Under our Referrer-Policy forms carry ``Origin: null``, and without TLS there is
    no Sec-Fetch-Site: then the browser says nothing, and the token alone decides.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin", "null")
    ours = (f"{request.scheme}://{request.host}", _origin(services().settings.public_url))
    return origin != "null" and origin not in ours


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _with_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if services().settings.has_https:
        response.headers.setdefault("Strict-Transport-Security", _HSTS)
    return response
