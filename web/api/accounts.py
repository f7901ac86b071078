"""``accounts``: which customers spoke, how often and when last."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote, unquote

from pydantic import BaseModel, ConfigDict, Field

from core.taming import JsonObject
from web.actions.accounts import Account as Spoken
from web.actions.accounts import accounts_of
from web.api.blueprint import api
from web.api.fields import ListQuery
from web.auth import caller
from web.paging import Position, cut, decode_cursor
from web.services import services

EXAMPLE: JsonObject = {
    "key": "Globex", "name": "Globex", "sources": ["pylon", "slack"], "signal_count": 42,
    "last_signal_at": "2026-11-20T10:00:00Z",
}  # fmt: skip


class Account(BaseModel):
    """A customer. `key` is its name, or its id when it has none: `GET /signals?account=` finds what it said."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    key: str
    name: str | None
    sources: list[str]
    signal_count: int
    last_signal_at: datetime

    @classmethod
    def of(cls, row: Spoken) -> "Account":
        """The row as the API shows it."""
        return cls(
            key=row.key, name=row.name, sources=[*row.sources], signal_count=row.count, last_signal_at=row.last_at
        )


class AccountPage(BaseModel):
    """Accounts, the one that spoke last first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": [EXAMPLE], "next_cursor": None, "counted_since": None}]}
    )

    items: list[Account]
    next_cursor: str | None
    counted_since: datetime | None = Field(
        description="From when on signals are counted: with many of them, only the newest are. Null: every signal is."
    )


@api.get("/accounts")
@api.input(ListQuery, location="query")
@api.output(AccountPage)
def list_accounts(query_data: ListQuery) -> AccountPage:
    """List the customers among the newest 3000 signals, the one that spoke last first."""
    with services().database.read() as session:
        found = accounts_of(session, caller().workspace_id)
    page, next_cursor = cut(_after(found.rows, query_data.cursor), query_data.limit, _place)
    return AccountPage(items=[*map(Account.of, page)], next_cursor=next_cursor, counted_since=found.since)


def _after(rows: Sequence[Spoken], cursor: str | None) -> Sequence[Spoken]:
    if cursor is None:
        return rows
    at, key = decode_cursor(cursor)
    return [row for row in rows if (row.last_at, row.key) < (at, unquote(key))]


def _place(row: Spoken) -> Position:
    return row.last_at, quote(row.key, safe="")
