"""Who sent a Slack message, and on which side of a shared channel they stand."""

from dataclasses import dataclass

from core.adapter import AccountKey
from core.affiliations import affiliation_of
from core.signal import Account, Affiliation, Author
from core.taming import Tame, bounded
from integrations.slack.arrival import Arrival

_NAME_CHARACTERS = 255
_SLACKBOT = "USLACKBOT"
GUEST_FLAGS = ("is_restricted", "is_ultra_restricted", "is_stranger")


@dataclass(frozen=True, slots=True)
class Sender:
    """A message's sender. ``team`` is the home workspace, or its organisation (``E…``), as far as the message tells;
    guests are people of another company, whatever their team.
    """

    user: str | None
    name: str | None
    team: str | None
    guest: bool
    bot: bool
    bot_id: str | None


def read_sender(raw: Tame) -> Sender:
    """The sender of a message. Modern bots have no subtype and show only by ``bot_id`` or ``bot_profile``."""
    profile = raw.object("user_profile")
    user, bot_id = _id(raw, "user"), _id(raw, "bot_id")
    posted_by_app = raw.object("bot_profile").text("app_id") is not None
    name = profile.text("display_name", "real_name")
    return Sender(
        user=user,
        name=name[:_NAME_CHARACTERS] if name else None,
        team=_team(raw, profile, user),
        guest=any(profile.flag(flag) or raw.flag(flag) for flag in GUEST_FLAGS),
        bot=bot_id is not None or posted_by_app or user == _SLACKBOT or raw.text("subtype") == "bot_message",
        bot_id=bot_id,
    )


def author(arrival: Arrival, sender: Sender) -> Author:
    """The sender as seen from the recipient's installation."""
    return Author(name=sender.name, external_id=sender.user, affiliation=affiliation(arrival, sender))


def account(arrival: Arrival, sender: Sender) -> Account:
    """The customer: the other company's team. A guest of our own team names no company."""
    is_other = affiliation(arrival, sender) == "external" and sender.team not in _ours(arrival.recipient.account)
    return Account(external_id=sender.team if is_other else None)


def affiliation(arrival: Arrival, sender: Sender) -> Affiliation:
    """``external``: a guest, or of another team and organisation; ``internal``: of ours; else ``unknown``.

    What Slack told of the user settles it; without that, seen from an organisation a foreign team may be a sister
    workspace: only a payload that names the organisation of that team settles it.
    """
    if sender.guest:
        return "external"
    told = affiliation_of(arrival.facts_of(sender.user) or {}, arrival.recipient.account)
    return told if told != "unknown" else _by_team(arrival, sender.team)


def _by_team(arrival: Arrival, team: str | None) -> Affiliation:
    home = arrival.recipient.account
    ours = _ours(home)
    if team is None or not ours:
        return "unknown"
    if team in ours:
        return "internal"
    if home.enterprise_id is None or team.startswith("E"):
        return "external"
    enterprises = _enterprises(arrival.callback.body)
    if team not in enterprises:
        return "unknown"
    return "internal" if enterprises[team] == home.enterprise_id else "external"


def _ours(home: AccountKey) -> set[str]:
    return {identity for identity in (home.team_id, home.enterprise_id) if identity}


def _enterprises(body: Tame) -> dict[str, str | None]:
    """Which organisation (None: none) the payload says each team belongs to."""
    pairs = [(_id(body, "team_id"), _id(body, "enterprise_id"))]
    pairs += [(_id(body, "context_team_id"), _id(body, "context_enterprise_id"))]
    pairs += [(_id(each, "team_id"), _id(each, "enterprise_id")) for each in body.objects("authorizations")]
    enterprises: dict[str, str | None] = {}
    for team, enterprise in pairs:
        if team:
            enterprises[team] = enterprises.get(team) or enterprise
    return enterprises


def _team(raw: Tame, profile: Tame, user: str | None) -> str | None:
    return (
        _id(raw, "user_team", "source_team")
        or _id(profile, "team")
        or _id(raw, "team")
        or next((_id(file, "user_team") for file in raw.objects("files") if user and _id(file, "user") == user), None)
    )


def _id(source: Tame, *names: str) -> str | None:
    text = source.text(*names)
    return bounded(text) if text else None
