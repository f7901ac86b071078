"""What the migrations look after, and how its types are written down."""

from typing import Any, Literal

from alembic.autogenerate.api import AutogenContext

from db.base import JsonColumn, UtcDateTime
from db.sealed import SealedBytes

_WITHOUT_MODEL = ("procrastinate_", "signal_words")
"""Procrastinate's tables bring their own schema, and each database has its own tables for search."""


def _render(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    """Plain types: a revision must not change its meaning when a model's class does."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, SealedBytes):
        return "sa.LargeBinary()"
    if kind == "type" and isinstance(item, type(JsonColumn)) and "postgresql" in item._variant_mapping:  # noqa: SLF001
        context.imports.add("from sqlalchemy.dialects.postgresql import JSONB")
        return 'sa.JSON().with_variant(JSONB(), "postgresql")'
    return False


COMPARING: dict[str, Any] = {
    "compare_type": True,
    "compare_server_default": False,  # both databases spell the same defaults differently
    "include_name": lambda name, kind, _parents: not (kind == "table" and str(name).startswith(_WITHOUT_MODEL)),
    "render_item": _render,
}
