"""What people decide about signals: one or many at once, recorded together with who decided it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Final, Literal, TypeAlias, get_args
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.errors import FieldError, InvalidFields, NotFound
from core.signal import Frequency, Severity
from core.taming import clean
from db import Signal, SignalStatus
from web.actions import Actor, audit
from web.services import services

MOST_AT_ONCE = 500
LONGEST_INTERPRETATION = 10_000
LONGEST_SEGMENT = 500
MOST_TAGS, LONGEST_TAG = 50, 100
MOST_LINKS, LONGEST_URL, LONGEST_TITLE = 50, 2_000, 500


class Unset(Enum):
    """The type of `UNSET`."""

    UNSET = "unset"


UNSET: Final = Unset.UNSET
"""Stands for a field that is not to be changed; None clears one."""

_Unset: TypeAlias = Literal[Unset.UNSET]


@dataclass(frozen=True, slots=True)
class Link:
    """Where a signal led to, such as an issue in a tracker; ``url`` is http(s)."""

    url: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class SignalChanges:
    """What is to become of signals; only what is set is changed. Lists replace what was there."""

    status: SignalStatus | _Unset = UNSET
    interpretation: str | _Unset | None = UNSET
    severity: Severity | _Unset | None = UNSET
    frequency: Frequency | _Unset | None = UNSET
    user_segment: str | _Unset | None = UNSET
    tags: Sequence[str] | _Unset = UNSET
    links: Sequence[Link] | _Unset = UNSET


def change_signals(session: Session, actor: Actor, signal_ids: Sequence[str], changes: SignalChanges) -> list[Signal]:
    """Changes these signals of the actor's workspace and returns them in the order asked for, each once.

    All or none. Raises `InvalidFields` naming the fields of ``changes``, and `NotFound` when one of the ids is not of a
    signal in the workspace. A signal that is as wanted already stays untouched.
    """
    wanted = _accepted(changes)
    signals = _locked(session, actor.workspace_id, list(dict.fromkeys(signal_ids)))
    for signal in signals:
        _change(session, actor, signal, wanted)
    session.flush()
    return signals


def _accepted(changes: SignalChanges) -> dict[str, Any]:
    """The columns' new values."""
    sent = {field.name: value for field in fields(changes) if (value := getattr(changes, field.name)) is not UNSET}
    errors = [FieldError(name, problem) for name, value in sent.items() if (problem := _CHECKS[name](value))]
    if errors:
        raise InvalidFields(errors)
    return {name: _STORED.get(name, _as_is)(value) for name, value in sent.items()}


def _one_of(allowed: tuple[str, ...], *, empty: bool) -> Callable[[Any], str | None]:
    sentence = f"This must be one of: {', '.join(allowed)}" + (", or nothing." if empty else ".")
    return lambda value: None if value in allowed or (empty and value is None) else sentence


def _text(limit: int) -> Callable[[Any], str | None]:
    def check(value: Any) -> str | None:
        if value is None or (isinstance(value, str) and len(value) <= limit and clean(value) == value):
            return None
        return f"This must be a text of at most {limit} characters, or nothing."

    return check


def _check_tags(value: Any) -> str | None:
    if len(value) > MOST_TAGS:
        return f"There can be {MOST_TAGS} tags at most."
    if any(not tag.strip() or len(tag) > LONGEST_TAG or clean(tag) != tag for tag in value):
        return f"A tag must be a text of 1 to {LONGEST_TAG} characters."
    return None


def _check_links(value: Any) -> str | None:
    if len(value) > MOST_LINKS:
        return f"There can be {MOST_LINKS} links at most."
    if any(not _is_address(link.url) for link in value):
        return f"A link's url must begin with http:// or https:// and have {LONGEST_URL} characters at most."
    if any(_text(LONGEST_TITLE)(link.title) for link in value):
        return f"A link's title must be a text of at most {LONGEST_TITLE} characters, or nothing."
    return None


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    plain = len(url) <= LONGEST_URL and url.isprintable() and clean(url) == url
    return plain and parts.scheme in ("http", "https") and bool(parts.netloc)


def _tags(value: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(tag.strip() for tag in value))


def _links(value: Sequence[Link]) -> list[dict[str, str | None]]:
    return [{"url": link.url, "title": link.title} for link in value]


def _as_is(value: Any) -> Any:
    return value


_CHECKS: dict[str, Callable[[Any], str | None]] = {
    "status": _one_of(get_args(SignalStatus), empty=False),
    "interpretation": _text(LONGEST_INTERPRETATION),
    "severity": _one_of(get_args(Severity), empty=True),
    "frequency": _one_of(get_args(Frequency), empty=True),
    "user_segment": _text(LONGEST_SEGMENT),
    "tags": _check_tags,
    "links": _check_links,
}
_STORED: dict[str, Callable[[Any], Any]] = {"tags": _tags, "links": _links}


def _locked(session: Session, workspace_id: str, ids: Sequence[str]) -> list[Signal]:
    """The rows, locked in the order of their ids, so that two bulk changes never wait for each other."""
    if len(ids) > MOST_AT_ONCE:
        raise InvalidFields([FieldError("signal_ids", f"{MOST_AT_ONCE} signals at most can be changed at once.")])
    known = [*_speakable(ids)]
    query = select(Signal).where(Signal.workspace_id == workspace_id, Signal.id.in_(known)).order_by(Signal.id)
    found = {signal.id: signal for signal in session.scalars(query.with_for_update())}
    if len(found) < len(ids):
        raise NotFound("signal")
    return [found[identity] for identity in ids]


def _speakable(ids: Sequence[str]) -> Iterator[str]:
    """Those that a database can be asked for at all."""
    return (identity for identity in ids if identity.isascii() and identity.isprintable())


def _change(session: Session, actor: Actor, signal: Signal, wanted: dict[str, Any]) -> None:
    changed = sorted(name for name, value in wanted.items() if getattr(signal, name) != value)
    if not changed:
        return
    for name in changed:
        setattr(signal, name, wanted[name])
    signal.updated_at = services().clock()
    audit(session, actor, "signal.changed", signal.id, {"fields": [*changed]})
