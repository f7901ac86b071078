"""Text ids: a short prefix that names the kind, then a ULID, so that ids sort by creation time."""

from ulid import ULID


def new_id(prefix: str) -> str:
    """A fresh id such as ``int_01JD3W…`` (prefix, underscore, 26 characters)."""
    return f"{prefix}_{ULID()}"
