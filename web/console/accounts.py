"""Accounts: which customers spoke, how often and when last, and what each of them said."""

from dataclasses import dataclass
from datetime import datetime

from flask import render_template, request

from core.taming import clean
from web.actions.accounts import Account, accounts_of
from web.console import stream
from web.console.blueprint import console
from web.console.frame import frame_of
from web.console.search import read_search
from web.console.wording import account_label
from web.services import services
from web.session import Visitor, require_role

SHOWN = 100


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A customer; ``key`` is its name, or its id when it has none."""

    key: str
    name: str
    is_named: bool
    sources: tuple[str, ...]
    count: int
    last_at: datetime


@console.get("/accounts")
@require_role()
def accounts(visitor: Visitor) -> str:
    """Every customer among the newest signals, the one that spoke last first."""
    with services().database.read() as session:
        found = accounts_of(session, visitor.workspace_id)
        return render_template(
            "accounts.html",
            frame=frame_of(session, visitor),
            rows=[_row(account) for account in found.rows[:SHOWN]],
            more=max(0, len(found.rows) - SHOWN),
            since=found.since,
        )


@console.get("/accounts/<path:key>")
@require_role()
def account(visitor: Visitor, key: str) -> str:
    """What a customer said, newest first, whichever source it came from; ``before`` is the cursor of an older page."""
    search = read_search({"account": key})
    with services().database.read() as session:
        page = stream.page(session, visitor.workspace_id, search, before=request.args.get("before"))
        named = next((row for row in page.rows), None)
        return render_template(
            "customer.html",
            frame=frame_of(session, visitor),
            key=clean(key),
            title=named.account if named else clean(key),
            search=search,
            page=page,
        )


def _row(account: Account) -> AccountRow:
    """Without a name, as which id it has and where."""
    name = account.name or account_label(account.sources[0], account.key) or account.key
    return AccountRow(account.key, name, bool(account.name), account.sources, account.count, account.last_at)
