"""Whose side somebody in a trigger's body is on, by all that the body tells. What it does not tell is unknown."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from core.signal import Affiliation, Author
from core.taming import Tame
from integrations.pylon.issues import is_set, key_of

_OURS = frozenset({
    "user", "agent", "bot", "system", "ai", "assistant", "internal", "member", "teammate", "staff", "employee", "admin",
    "support", "support_agent",
})  # fmt: skip
_THEIRS = frozenset({"contact", "customer", "requester", "external", "end_user", "enduser", "client", "visitor"})
_ANYBODYS = frozenset({
    "gmail.com", "googlemail.com", "outlook.com", "outlook.de", "hotmail.com", "hotmail.fr", "hotmail.co.uk",
    "live.com", "msn.com", "yahoo.com", "yahoo.de", "yahoo.co.uk", "ymail.com", "aol.com", "icloud.com", "me.com",
    "mac.com", "hey.com", "proton.me", "protonmail.com", "pm.me", "gmx.de", "gmx.net", "gmx.com", "gmx.at",
    "gmx.ch", "web.de", "t-online.de", "freenet.de", "mail.com", "mail.ru", "yandex.com", "yandex.ru", "zoho.com",
    "fastmail.com", "tutanota.com", "tuta.com", "qq.com", "163.com", "126.com", "naver.com", "orange.fr", "free.fr",
    "laposte.net", "wanadoo.fr", "libero.it", "bluewin.ch",
})  # fmt: skip
"""Providers at which people of both sides have their addresses."""


@dataclass(frozen=True, slots=True)
class Sides:
    """The people and domains that a body names, by side. ``colleagues``: addresses of people who are surely ours."""

    assignee_id: str | None
    assignee_email: str | None
    requester: Author
    our_domains: frozenset[str]
    account_domains: frozenset[str]
    colleagues: frozenset[str]

    def requesters(self) -> Author:
        """The one who asked: the customer, by Pylon's definition, but for what speaks against it."""
        known = bool(self.requester.name or self.requester.email or self.requester.external_id)
        domain = _domain(self.requester.email)
        doubtful = self._is_assignee(self.requester) or (
            domain in self.our_domains and domain not in self.account_domains
        )
        return replace(self.requester, affiliation="external" if known and not doubtful else "unknown")

    def of(self, author: Author, told: Tame, kind: str | None) -> Affiliation:
        """The side of a message's author; ``told`` is the body's object of them, ``kind`` what it calls them."""
        if (said := _said(told, kind)) is not None:
            return said
        if self._is_assignee(author):
            return "internal"
        if is_same_person(author, self.requester):
            return self.requesters().affiliation
        if (author.email or "").lower() in self.colleagues:
            return "internal"
        return self._by_domain(_domain(author.email))

    def _is_assignee(self, person: Author) -> bool:
        return (self.assignee_id is not None and person.external_id == self.assignee_id) or (
            self.assignee_email is not None and (person.email or "").lower() == self.assignee_email
        )

    def _by_domain(self, domain: str | None) -> Affiliation:
        """A domain of both sides, or of none, tells nothing."""
        theirs = self.account_domains | {_domain(self.requester.email)}
        if domain is None or (domain in theirs) == (domain in self.our_domains):
            return "unknown"
        return "external" if domain in theirs else "internal"


def sides_of(body: Tame, requester: Author, colleagues: Collection[str]) -> Sides:
    """What the body tells of both sides. A provider that is open to everybody is nobody's domain."""
    assignee = body.object("assignee")
    assignee_email = body.text("issue_assignee_email", "assignee_email") or assignee.text("email")
    ours = frozenset(address.lower() for address in colleagues)
    return Sides(
        assignee_id=key_of(body.text("issue_assignee_id", "assignee_id") or assignee.text("id")),
        assignee_email=assignee_email.lower() if assignee_email else None,
        requester=requester,
        our_domains=frozenset(filter(None, map(_domain, (assignee_email, *ours)))),
        account_domains=frozenset(_account_domains(body)),
        colleagues=ours,
    )


def _said(told: Tame, kind: str | None) -> Affiliation | None:
    """What the body says in so many words."""
    called = (kind or "").strip().lower().replace("-", "_").replace(" ", "_")
    if told.object("user") or called in _OURS or _is_flagged(told, ("is_agent", "is_internal", "is_bot")):
        return "internal"
    if told.object("contact") or called in _THEIRS or _is_flagged(told, ("is_customer", "is_contact", "is_external")):
        return "external"
    return None


def _is_flagged(told: Tame, names: tuple[str, ...]) -> bool:
    return any(is_set(told.raw.get(name)) for name in names)


def is_same_person(one: Author, other: Author) -> bool:
    """Whether they have one id, or one address."""
    if one.external_id and one.external_id == other.external_id:
        return True
    return bool(one.email and other.email and one.email.lower() == other.email.lower())


def _account_domains(body: Tame) -> Iterator[str]:
    account = body.object("account")
    for tamed, names in (
        (body, ("issue_account_domains", "account_domains", "issue_account_domain", "account_domain")),
        (account, ("domains", "domain", "primary_domain")),
    ):
        for name in names:
            for text in tamed.texts(name):
                if domain := _business(text.strip().lower().removeprefix("www.").removeprefix("@")):
                    yield domain


def _domain(address: str | None) -> str | None:
    return _business(address.rpartition("@")[2].strip().lower()) if address and "@" in address else None


def _business(domain: str) -> str | None:
    return domain if "." in domain and domain not in _ANYBODYS else None
