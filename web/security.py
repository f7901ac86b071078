"""What protects browsers: security headers on every response, and no change of state at another site's request.

Routes whose callers prove themselves without a cookie (bearer tokens, signatures, keys) cannot be forged
and are exempt: https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from urllib.parse import urlsplit

from flask import Flask, Response, request

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
    """The value of the field ``csrf_token`` in this session's forms; empty when nobody is signed in."""
    person = signed_in()
    return services().digester.digest("csrf", person.session_id) if person else ""


def _refuse_forged() -> None:
    """The browser's own word first (Sec-Fetch-Site, Origin), then the token that only our pages know.

    Raises `Forbidden` with reason ``cross_site_request`` or ``csrf_token_mismatch``.
    """
    if request.method in _SAFE_METHODS or request.endpoint is None or request.path.startswith(WITHOUT_COOKIES):
        return
    if _from_another_site():
        raise Forbidden("cross_site_request", "This was asked for by another site. Open the page here and try again.")
    if signed_in() and not equals_any([csrf_token()], request.form.get(CSRF_FIELD, "")):
        raise Forbidden("csrf_token_mismatch", "This form is out of date. Go back, reload the page and try again.")


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
