"""Pylon's issue search, as far as catching up needs it: by the time of change, with ``and`` and ``or``."""

from core.taming import JsonObject, JsonValue, Tame, instant


class UnknownFilter(Exception):
    """A filter that the stand-in does not understand; answering it wrongly would mislead."""


def matching(wanted: JsonValue, issues: list[JsonObject]) -> list[JsonObject]:
    """The issues that fit the filter, in their order; no filter fits all. Raises `UnknownFilter`."""
    return [issue for issue in issues if _fits(Tame(wanted), issue)]


def _fits(wanted: Tame, issue: JsonObject) -> bool:
    if not wanted:
        return True
    subfilters = tuple(wanted.objects("subfilters"))
    match wanted.text("operator"):
        case "and":
            return all(_fits(part, issue) for part in subfilters)
        case "or":
            return any(_fits(part, issue) for part in subfilters)
        case "time_is_after":
            return _changed(wanted, issue) > _bound(wanted.text("value"))
        case "time_is_before":
            return _changed(wanted, issue) < _bound(wanted.text("value"))
        case "time_range" if len(bounds := wanted.texts("values")) == 2:
            return _bound(bounds[0]) <= _changed(wanted, issue) <= _bound(bounds[1])
    raise UnknownFilter


def _changed(wanted: Tame, issue: JsonObject) -> float:
    field = wanted.text("field")
    if field not in {"created_at", "updated_at", "latest_message_activity_at"}:
        raise UnknownFilter
    name = "latest_message_time" if field == "latest_message_activity_at" else field
    return _bound(Tame(issue).text(name))


def _bound(text: str | None) -> float:
    moment = instant(text)
    if moment is None:
        raise UnknownFilter
    return moment.timestamp()
