"""What customers would say in a busy installation, made up: the same for every run.

Words follow Zipf's law; twenty workspaces of unequal size share them, the largest with four fifths of all signals; one
signal in twenty is Japanese, one in fifty mixes languages. Ids are in the order of arrival and times are not, as after
an import.
"""

import json
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any, NamedTuple

NEWEST = datetime(2026, 11, 20, tzinfo=UTC)
ARRIVED = NEWEST + timedelta(hours=1)
WORDS = 30_000
LENGTH = (5, 45)
AT_ONCE = 5_000
JAPANESE = "画面が出力に失敗するので請求書を確認できません東京都の顧客から要望があります"
MIXED = ("naïve Ä-Öl Größe", "экспорт не работает", "iPhoneの画面で Export", "내보내기 오류", "ส่งออกไม่ได้")
SOURCES = (("slack", 60), ("pylon", 30), ("webhook", 10))
STATUSES = (("new", 70), ("reviewed", 20), ("archived", 8), ("linked", 2))
SEVERITIES = ((None, 60), ("low", 15), ("medium", 15), ("high", 8), ("critical", 2))
ACCOUNTS, AUTHORS, CHANNELS = 2_000, 20_000, 300


class Corpus(NamedTuple):
    """How many signals, over how many days, of which workspaces (the largest first)."""

    size: int
    days: int
    workspace_ids: Sequence[str]


def word(rank: int) -> str:
    """The word of that rank, spelled in syllables."""
    syllables = ("ka", "to", "mi", "re", "lo", "sun", "ver", "pax", "di", "gen")
    return "".join(syllables[int(digit)] for digit in str(rank)) + "x" * (rank < 10)


def signal_rows(corpus: Corpus) -> Iterator[dict[str, Any]]:
    """The columns of every signal; lists and objects as JSON."""
    chance = random.Random(7)
    for start in range(0, corpus.size, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, corpus.size))
        for number, said, facts in zip(numbers, _texts(chance, numbers), _facts(chance, corpus, numbers), strict=True):
            yield _row(number, said, facts)


def conversation_id(number: int) -> str:
    """Four signals in a row are of one conversation."""
    return f"con_{number // 4:026d}"


def signal_id(number: int) -> str:
    """The id of the signal that arrived as number so-and-so."""
    return f"sig_{number:026d}"


def integration_id(number: int) -> str:
    """The id of the Slack integration of workspace number so-and-so."""
    return f"int_{number:026d}"


def _texts(chance: random.Random, numbers: Sequence[int]) -> Iterator[str]:
    lengths = [chance.randint(*LENGTH) for _ in numbers]
    words = iter(chance.choices(_VOCABULARY, cum_weights=_zipf(WORDS), k=sum(lengths)))
    for number, length in zip(numbers, lengths, strict=True):
        said = " ".join(next(words) for _ in range(length))
        if number % 20 == 0:
            cut = chance.randrange(len(JAPANESE))
            said = f"{JAPANESE[cut:]}{JAPANESE[:cut]} {said[:30]}"
        elif number % 50 == 1:
            said = f"{chance.choice(MIXED)} {said}"
        yield said


def _facts(chance: random.Random, corpus: Corpus, numbers: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """Workspace, moment, source, status, severity, account, author and channel of each."""
    size, others = len(numbers), len(corpus.workspace_ids) - 1
    shares = [4.0 * sum(1 / (rank + 1) for rank in range(others)) or 1.0, *(1 / (rank + 1) for rank in range(others))]
    second = corpus.days * 86_400
    yield from zip(
        chance.choices(corpus.workspace_ids, shares, k=size),
        (NEWEST - timedelta(seconds=chance.random() * second) for _ in numbers),
        *(_drawn(chance, choices, size) for choices in (SOURCES, STATUSES, SEVERITIES)),
        *(chance.choices(range(most), cum_weights=_zipf(most), k=size) for most in (ACCOUNTS, AUTHORS, CHANNELS)),
        strict=True,
    )


def _drawn(chance: random.Random, choices: Sequence[tuple[str | None, int]], size: int) -> list[str | None]:
    return chance.choices([value for value, _ in choices], [weight for _, weight in choices], k=size)


def _row(number: int, said: str, facts: tuple[Any, ...]) -> dict[str, Any]:
    workspace_id, moment, source, status, severity, account, author, channel = facts
    ref = f"C{channel:04d}:{number}" if source == "slack" else f"issue-{number}"
    return {
        "id": signal_id(number), "workspace_id": workspace_id, "source": source, "source_scope": "",
        "source_ref": ref, "source_version": "1", "source_url": f"https://acme.slack.example/archives/{ref}",
        "verbatim": said, "interpretation": None, "severity": severity, "frequency": None, "user_segment": None,
        "author_name": f"Person {author}", "author_email": f"person{author}@account{account}.example",
        "author_external_id": f"U{author:06d}", "author_affiliation": "external",
        "account_external_id": f"T{account:05d}", "account_name": f"Account {account}",
        "tags": json.dumps(["export", f"tag{author % 40}"] if number % 7 == 0 else []), "links": "[]",
        "conversation_id": conversation_id(number), "status": status, "occurred_at": moment, "edited_at": None,
        "source_metadata": json.dumps({"channel": f"C{channel:04d}", "channel_name": f"account-{account}"}),
        "deleted_at": moment + timedelta(hours=1) if number % 100 == 3 else None, "created_at": ARRIVED,
        "updated_at": ARRIVED - timedelta(seconds=number % 864_000),
    }  # fmt: skip


def _zipf(most: int) -> list[float]:
    if most not in _ZIPF:
        _ZIPF[most] = list(accumulate(1 / (rank + 2) for rank in range(most)))
    return _ZIPF[most]


_ZIPF: dict[int, list[float]] = {}
_VOCABULARY = [word(rank + 1) for rank in range(WORDS)]
