"""What PostgreSQL's planner expects of a search, by its statistics and without running it."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.search_tsquery import Wanted

MOST_ESTIMATED = 4
"""Of so many shingles of a query the planner is asked."""

_WORDS = "words @@ CAST(:words AS tsquery)"
_SHINGLE = "shingles @> CAST(:{} AS integer[])"
_OWN = "workspace_id = :workspace_id"


def outlook(session: Session, wanted: Wanted, workspace_id: str) -> tuple[float, float]:
    """How many entries the planner expects from GIN, and what share of the workspace's that is. What is not among the
    commonest words of all it takes for rare. Shingles of one phrase come together, so it is asked of each by itself.
    """
    shingles = {f"shingle{number}": [shingle] for number, shingle in enumerate(wanted.shingles[:MOST_ESTIMATED])}
    words = {"words": wanted.shared} if wanted.keys else {}
    parts = [" AND ".join([*([_WORDS] if words else []), _SHINGLE.format(name)]) for name in shingles] or [_WORDS]
    selects = " UNION ALL ".join(f"SELECT FROM signal_words WHERE {part}" for part in (*parts, _OWN))
    given = {"workspace_id": workspace_id, **words, **shingles}
    ((plan,),) = session.execute(text(f"EXPLAIN (FORMAT JSON) {selects}"), given).one()
    *matches, entries = (float(part["Plan Rows"]) for part in plan["Plan"]["Plans"])
    return min(matches), min(matches) / max(entries, min(matches), 1.0)
