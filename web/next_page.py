"""Where to go on to after signing in: pages of this server only."""

from urllib.parse import urlsplit

LONGEST = 1000


def next_page(wanted: str | None) -> str:
    r"""The wanted path with its query, or ``/`` for anything that could lead to another site.

    Browsers read ``//host``, ``/\host`` and paths with control characters in them as other sites:
    https://cheatsheetseries.owasp.org/cheatsheets/Unvalidated_Redirects_and_Forwards_Cheat_Sheet.html
    """
    path = wanted or ""
    if not path.startswith("/") or path.startswith("//") or len(path) > LONGEST:
        return "/"
    if "\\" in path or not path.isascii() or not path.isprintable() or " " in path:
        return "/"
    try:
        parts = urlsplit(path)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else path
