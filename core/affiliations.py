"""On which side of a shared conversation somebody stands, by what a platform told of them."""

from core.adapter import AccountKey
from core.signal import Affiliation
from core.taming import JsonObject, Tame


def affiliation_of(facts: JsonObject, home: AccountKey) -> Affiliation:
    """``external``: a guest, or of another team and organisation; ``internal``: of ours; ``unknown``: not told.

    ``facts`` are ``{"team_id", "enterprise_id", "is_guest"}``, as far as they are known.
    """
    told = Tame(facts)
    ours = {identity for identity in (home.team_id, home.enterprise_id) if identity}
    theirs = {identity for identity in (told.text("team_id"), told.text("enterprise_id")) if identity}
    if told.flag("is_guest"):
        return "external"
    if not ours or not theirs:
        return "unknown"
    return "internal" if ours & theirs else "external"
