"""Text ids: a short prefix that names the kind, then a ULID, so that ids sort by creation time."""

from ulid import ULID

LONGEST = 100


def may_be_id(text: str) -> bool:
    """Whether a stranger's text can be compared with our ids at all: PostgreSQL refuses to look for a NUL."""
    return len(text) <= LONGEST and text.isascii() and text.isprintable()


def new_id(prefix: str) -> str:
    """A fresh id such as ``int_01JD3W…`` (prefix, underscore, 26 characters)."""
    return f"{prefix}_{ULID()}"
