"""The base of all models: naming convention, ids, UTC times and JSON that read the same on both databases."""

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, DateTime, Dialect, MetaData, String, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from core.clock import utc_now
from core.ids import new_id

ID_LENGTH = 40
"""Prefix, underscore and 26 characters of ULID, with room."""

JsonColumn = JSON().with_variant(JSONB(), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC moments on both databases (SQLite has no time zones and would hand back naive ones)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuses naive times: they would be somebody's local time."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored: give it a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        """Always aware, always UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """A row. Its id is made with the object, so that values can be bound to it before it is stored."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime()}
    id_prefix: ClassVar[str] = ""

    def __init__(self, **values: Any) -> None:
        if self.id_prefix:
            values.setdefault("id", new_id(self.id_prefix))
        for name, value in values.items():
            if not hasattr(type(self), name):
                raise TypeError(f"{type(self).__name__} has no field {name!r}")
            setattr(self, name, value)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {getattr(self, 'id', '')}>"


class HasId:
    """A text id as primary key."""

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, sort_order=-1)


class HasCreatedAt:
    """When the row was made."""

    created_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utc_now, sort_order=10)


class HasUpdatedAt(HasCreatedAt):
    """When the row was made and last changed."""

    updated_at: Mapped[datetime] = mapped_column(UtcDateTime(), default=utc_now, onupdate=utc_now, sort_order=11)


class HasDue:
    """A row of recurring or resumable work: when it is due, who holds it, and what went wrong last.

    ``lease_token`` proves who holds the row while the work is outside of a transaction; ``due_at`` is then when
    somebody else may try. ``reason`` is why the last attempt failed, ``attempts`` how many failed in a row.
    """

    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime(), sort_order=5)
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"), sort_order=5)
    lease_token: Mapped[str | None] = mapped_column(String(ID_LENGTH), sort_order=5)
    reason: Mapped[str | None] = mapped_column(String(80), sort_order=5)
