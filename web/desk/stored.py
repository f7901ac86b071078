"""The desk over the rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.adapter import AccountKey
from core.clock import Clock
from core.desk import Brief, DigestPlan, Overview, Story, Visitor
from core.tickets import Ticketing, TicketWish
from db import Database, Integration
from pipeline.tickets import Tickets
from web.desk import changes, tickets
from web.desk.briefs import brief_of, found, of_workspace
from web.desk.overview import look
from web.desk.story import tell
from web.desk.visiting import find_visitor


@dataclass(frozen=True, slots=True)
class StoredDesk:
    """Implements `core.desk.Desk`. Each answer is one transaction; none leaves the database. ``emoji_of`` tells which
    emoji captures under a configuration; ``wake`` says, after the commit, which step has work now.
    """

    database: Database
    clock: Clock
    public_url: str
    emoji_of: Callable[[Mapping[str, object]], str | None]
    wake: Callable[[str], None] = lambda _: None

    def visitor(self, slack_app_id: str, account: AccountKey, issuer: str, subject: str) -> Visitor | None:
        """See `core.desk.Desk.visitor`."""
        with self.database.read() as session:
            return find_visitor(session, slack_app_id, account, issuer, subject)

    def console(self, path: str = "") -> str:
        """See `core.desk.Desk.console`."""
        return f"{self.public_url}/{path}"

    def overview(self, visitor: Visitor) -> Overview:
        """See `core.desk.Desk.overview`."""
        with self.database.read() as session:
            config = session.get_one(Integration, visitor.integration_id).config
            emoji = self.emoji_of(config)
            return look(session, visitor, emoji=emoji, console_url=self.console(), now=self.clock())

    def search(self, visitor: Visitor, words: str, limit: int) -> Sequence[Brief]:
        """See `core.desk.Desk.search`."""
        with self.database.read() as session:
            signals = found(session, visitor.workspace_id, words, limit) if visitor.may_look else ()
            return [brief_of(signal, self.console()) for signal in signals]

    def brief(self, visitor: Visitor, signal_id: str) -> Brief | None:
        """See `core.desk.Desk.brief`."""
        with self.database.read() as session:
            signal = of_workspace(session, visitor.workspace_id, signal_id) if visitor.may_look else None
            return brief_of(signal, self.console()) if signal else None

    def story(self, visitor: Visitor, channel: str, ts: str, *, sees_message: bool) -> Story:
        """See `core.desk.Desk.story`."""
        ref, now = f"{channel}:{ts}", self.clock()
        with self.database.read() as session:
            return tell(session, visitor, ref, sees_message=sees_message, console_url=self.console(), now=now)

    def hear(self, visitor: Visitor, room: str, *, name: str | None, on: bool) -> None:
        """See `core.desk.Desk.hear`."""
        with self.database.write() as session:
            changes.hear(session, visitor, room, name=name, on=on, now=self.clock())

    def choose_reaction(self, visitor: Visitor, emoji: str) -> None:
        """See `core.desk.Desk.choose_reaction`."""
        with self.database.write() as session:
            changes.choose_reaction(session, visitor, emoji, self.clock())

    def plan_digest(self, visitor: Visitor, plan: DigestPlan | None) -> None:
        """See `core.desk.Desk.plan_digest`."""
        with self.database.write() as session:
            changes.plan_digest(session, visitor, plan, self.clock())

    def ticketing(self, visitor: Visitor, channel: str, ts: str, thread_ts: str | None) -> Ticketing | None:
        """See `core.desk.Desk.ticketing`."""
        with self.database.read() as session:
            return tickets.known(session, visitor, (channel, ts, thread_ts), self.console())

    def wish_ticket(self, visitor: Visitor, wish: TicketWish) -> bool:
        """See `core.desk.Desk.wish_ticket`."""
        with self.database.write() as session:
            is_stored = tickets.wish(session, visitor, wish, self.clock())
        if is_stored:
            self.wake(Tickets.name)
        return is_stored
