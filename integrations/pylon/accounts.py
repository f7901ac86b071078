"""Pylon's accounts, and the Slack channels that an admin of Pylon gave them.

https://docs.usepylon.com/pylon-docs/developer/api (schemas Account and Channel).
"""

from collections.abc import Iterator

from core.accounts import AccountBook, KnownAccount, KnownChannel
from core.adapter import Access, Pauses
from core.taming import Tame, bounded
from integrations.pylon.client import PylonClient

_NAME_CHARACTERS = 500


def account_book(api_url: str, pauses: Pauses) -> AccountBook:
    """What `integrations.discover` finds."""
    return PylonAccounts(PylonClient(api_url, pauses))


class PylonAccounts:
    """Implements `core.accounts.AccountBook`."""

    def __init__(self, client: PylonClient) -> None:
        self._client = client

    def page(self, access: Access, cursor: str | None) -> tuple[tuple[KnownAccount, ...], str | None]:
        """See `core.accounts.AccountBook.page`."""
        answer = self._client.get("accounts", "/accounts", access, cursor=cursor)
        pagination = answer.object("pagination")
        ahead = pagination.text("cursor") if pagination.flag("has_next_page") else None
        # A cursor that does not move on would never end.
        return tuple(_accounts(answer)), ahead if ahead != cursor else None


def _accounts(answer: Tame) -> Iterator[KnownAccount]:
    for raw in answer.objects("data"):
        if identity := raw.text("id"):
            name = raw.text("name")
            yield KnownAccount(bounded(identity), name[:_NAME_CHARACTERS] if name else None, tuple(_channels(raw)))


def _channels(raw: Tame) -> Iterator[KnownChannel]:
    for channel in raw.objects("channels"):
        if channel.text("source") == "slack" and (identity := channel.text("channel_id")):
            mirror = channel.object("mirror_to")
            mirrored = mirror.text("channel_id") if mirror.text("source") == "slack" else None
            yield KnownChannel(bounded(identity), channel.flag("is_internal"), bounded(mirrored) if mirrored else None)
