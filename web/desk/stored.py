"""The desk over the rows."""

from dataclasses import dataclass

from core.adapter import AccountKey
from core.clock import Clock
from core.desk import Visitor
from db import Database
from web.desk.visiting import find_visitor


@dataclass(frozen=True, slots=True)
class StoredDesk:
    """Implements `core.desk.Desk`. Each answer is one transaction; none leaves the database."""

    database: Database
    clock: Clock
    public_url: str

    def visitor(self, slack_app_id: str, account: AccountKey, issuer: str, subject: str) -> Visitor | None:
        """See `core.desk.Desk.visitor`."""
        with self.database.read() as session:
            return find_visitor(session, slack_app_id, account, issuer, subject)

    def console(self, path: str = "") -> str:
        """See `core.desk.Desk.console`."""
        return f"{self.public_url}/{path}"
