"""What PostgreSQL's index holds of a signal: a tsvector, and which of its words follow one another."""

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.search_terms import Entry, scope_of
from db.search_tsquery import quoted, shingles_of, spans_of

# One statement for any number of rows: compiled and planned once.
_WRITE = text("""
    INSERT INTO signal_words (signal_id, workspace_id, occurred_at, words, shingles)
    SELECT signal_id, workspace_id, occurred_at, CAST(words AS tsvector), CAST(shingles AS integer[]) FROM unnest(
        CAST(:signal_ids AS varchar[]), CAST(:workspace_ids AS varchar[]), CAST(:moments AS timestamptz[]),
        CAST(:words AS text[]), CAST(:shingles AS text[])
    ) AS entry (signal_id, workspace_id, occurred_at, words, shingles)
    ON CONFLICT (signal_id) DO UPDATE
    SET occurred_at = excluded.occurred_at, words = excluded.words, shingles = excluded.shingles
""")


def write(session: Session, entries: Iterable[Entry]) -> None:
    """Replaces the entries of these signals, in the order of their ids, so that writers wait and never deadlock."""
    ordered = sorted(entries)
    given = {
        "signal_ids": [entry.signal_id for entry in ordered],
        "workspace_ids": [entry.workspace_id for entry in ordered],
        "moments": [entry.occurred_at for entry in ordered],
        "words": [entry_vector(entry) for entry in ordered],
        "shingles": [f"{{{','.join(map(str, entry_shingles(entry)))}}}" for entry in ordered],
    }
    session.execute(_WRITE, given)


def entry_vector(entry: Entry) -> str:
    """A tsvector as text: the words with their positions; the scope, its times and the facets without one."""
    scope = scope_of(entry.workspace_id)
    positions: dict[str, list[str]] = {}
    for position, token in enumerate(entry.tokens, start=1):
        positions.setdefault(token, []).append(str(position))
    words = [f"{quoted(scope + token)}:{','.join(places[:255])}" for token, places in positions.items()]
    others = ("", *spans_of(entry.occurred_at), *entry.facets)
    return " ".join([*(quoted(scope + other) for other in others), *words])


def entry_shingles(entry: Entry) -> list[int]:
    """Which words of the entry follow one another."""
    return shingles_of(scope_of(entry.workspace_id), entry.tokens)
