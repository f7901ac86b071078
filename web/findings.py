"""What ``signalbox doctor`` says of one thing."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["ok", "note", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found: fine, worth knowing, or wrong."""

    subject: str
    verdict: Verdict
    sentence: str
