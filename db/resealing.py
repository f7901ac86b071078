"""Sealing stored values anew under the newest key, batch by batch, while everything else goes on.

A batch is one short transaction that holds its rows, so that no concurrent change is lost; what is under the newest key
is passed over, so that an interrupted run is simply started again.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, Table, and_, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.orm.attributes import flag_modified

from core.errors import SealBroken
from core.sealing import KEY_ID_BYTES, KEY_ID_OFFSET
from db.base import Base
from db.engine import Database
from db.sealed import Sealed, place_of, sealed_fields

BATCH = 100


@dataclass
class Batch:
    """How many values were sealed anew, and the places of those that no key opens."""

    resealed: int = 0
    unreadable: list[str] = field(default_factory=list)


def sealed_models() -> list[tuple[type[Base], list[Sealed]]]:
    """Every model that has sealed fields, with them."""
    models = sorted((mapper.class_ for mapper in Base.registry.mappers), key=lambda model: str(model.__tablename__))
    return [(model, fields) for model in models if (fields := sealed_fields(model))]


def outdated(database: Database) -> int:
    """How many values are sealed with another key than the newest."""
    total = 0
    with database.read() as session:
        for model, fields in sealed_models():
            for each in fields:
                query = select(func.count()).select_from(model).where(_is_outdated(database, column_of(model, each)))
                total += session.scalar(query) or 0
    return total


def reseal(database: Database) -> Iterator[Batch]:
    """Seals everything anew; each batch is committed when it is told."""
    for model, fields in sealed_models():
        last: Sequence[Any] | None = None
        while True:
            with database.write() as session:
                rows = session.scalars(_next(database, model, fields, last)).all()
                batch = _reseal(session, database, rows, fields)
                last = [getattr(rows[-1], column.name) for column in _key(model)] if rows else None
            if last is None:
                break
            yield batch


def column_of(model: type[Base], field: Sealed) -> InstrumentedAttribute[bytes | None]:
    """The column that holds the field's ciphertext."""
    return cast("InstrumentedAttribute[bytes | None]", getattr(model, field.attribute))


def key_id_of(column: InstrumentedAttribute[bytes | None]) -> ColumnElement[bytes]:
    """The id of the key that a stored value is sealed with; both databases cut bytes from 1 on."""
    return func.substr(column, KEY_ID_OFFSET + 1, KEY_ID_BYTES)


def _is_outdated(database: Database, column: InstrumentedAttribute[bytes | None]) -> ColumnElement[bool]:
    return and_(column.is_not(None), key_id_of(column) != database.keyring.newest)


def _next(database: Database, model: type[Base], fields: Sequence[Sealed], last: Sequence[Any] | None) -> Select[Any]:
    """The next rows with something to seal anew, in the order of their keys, held until the transaction ends."""
    key = _key(model)
    query = select(model).where(or_(*(_is_outdated(database, column_of(model, each)) for each in fields)))
    if last is not None:
        query = query.where(tuple_(*key) > tuple_(*last))
    return query.order_by(*key).limit(BATCH).with_for_update()


def _key(model: type[Base]) -> Sequence[Any]:
    return list(cast("Table", model.__table__).primary_key.columns)


def _reseal(session: Session, database: Database, rows: Sequence[Base], fields: Sequence[Sealed]) -> Batch:
    batch = Batch()
    for row in rows:
        for each in fields:
            stored: bytes | None = getattr(row, each.attribute)
            if stored is None or database.keyring.is_newest(stored):
                continue
            place = place_of(row, each.name)
            try:
                setattr(row, each.attribute, database.keyring.seal(database.keyring.open(stored, place), place))
                batch.resealed += 1
            except SealBroken:
                batch.unreadable.append(place)
        if "updated_at" in vars(row):
            flag_modified(row, "updated_at")  # nothing that anybody can see has changed
    session.flush()
    return batch
