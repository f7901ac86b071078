"""Sealed columns: an attribute reads and takes plain text, the database only ever holds ciphertext.

``access_token = Sealed()`` makes a column of that name. The text is sealed at flush, bound to table, column, row
and workspace; it opens lazily with the session's keyring, so a row moved or altered raises `SealBroken` when read.
"""

from typing import Any

from sqlalchemy import Dialect, LargeBinary, event
from sqlalchemy.orm import Mapper, Session, mapped_column, object_session
from sqlalchemy.types import TypeDecorator

from core.errors import SealBroken
from core.sealing import Keyring
from db.base import Base


class Unsealed(bytes):
    """A text that waits for the flush to be sealed."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<unsealed>"


class SealedBytes(TypeDecorator[bytes]):
    """Ciphertext. Refuses anything that was not sealed on its way to the database."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002  # SQLAlchemy's signature
        """The last door before the database."""
        if isinstance(value, Unsealed):
            raise SealBroken("not_sealed", "A secret was about to be stored in clear; it must go through its model.")
        return value


class Sealed:
    """A secret of a row: ``row.access_token`` is text or None."""

    def __set_name__(self, owner: type[Base], name: str) -> None:
        self.name = name
        self.attribute = f"{name}_sealed"
        setattr(owner, self.attribute, mapped_column(name, SealedBytes(), nullable=True))

    def __get__(self, row: Base | None, owner: type[Base]) -> Any:
        """The opened text (str | None); on the class, the descriptor itself."""
        if row is None:
            return self
        value: bytes | None = getattr(row, self.attribute)
        if value is None or isinstance(value, Unsealed):
            return value.decode() if value is not None else None
        return _keyring(row).open(value, place_of(row, self.name))

    def __set__(self, row: Base, value: str | None) -> None:
        setattr(row, self.attribute, None if value is None else Unsealed(value.encode()))


def place_of(row: Base, name: str) -> str:
    """Where a sealed value lives: table, column, row and workspace."""
    return "/".join((row.__tablename__, name, str(getattr(row, "id", "")), str(getattr(row, "workspace_id", None))))


def holds(row: Base, name: str) -> bool:
    """Whether the row has that secret, without opening it."""
    return getattr(row, f"{name}_sealed") is not None


def sealed_fields(model: type[Base]) -> list[Sealed]:
    """The sealed fields of a model."""
    return [value for cls in model.__mro__ for value in vars(cls).values() if isinstance(value, Sealed)]


def _keyring(row: Base) -> Keyring:
    session: Session | None = object_session(row)
    keyring = session.info.get("keyring") if session else None
    if not isinstance(keyring, Keyring):
        raise SealBroken("no_keyring", f"{row!r} is not attached to a session that has a keyring.")
    return keyring


def _seal(_: Mapper[Any], __: object, row: Base) -> None:
    for field in sealed_fields(type(row)):
        value = getattr(row, field.attribute)
        if isinstance(value, Unsealed):
            setattr(row, field.attribute, _keyring(row).seal(value.decode(), place_of(row, field.name)))


event.listen(Base, "before_insert", _seal, propagate=True)
event.listen(Base, "before_update", _seal, propagate=True)
