"""What Pylon shows of Signalbox beside an issue: a Custom App with the conversation's signals.

Parameters, components and their schema (version 1.0.0): https://docs.usepylon.com/pylon-docs/developer/custom-apps
"""

from core.adapter import Refusal, Secrets
from core.panel import Handshake, Panel, PanelRequest, Question, Said, Told, Wanted
from core.signal import ConversationKey
from core.taming import JsonObject, JsonValue, clean
from integrations.pylon.custom_app import parameters, refusal

VERSION = "1.0.0"
LONGEST = 500
_COLOURS = {"critical": "red", "high": "orange", "medium": "blue", "low": "gray"}
_ORIGINS = {"slack": "Open in Slack", "pylon": "Open in Pylon"}


class PylonPanel:
    """Implements `core.panel.Panel`."""

    def refusal(self, request: PanelRequest, secrets: Secrets) -> Refusal | None:
        """See `integrations.pylon.custom_app`."""
        return refusal(request, secrets)

    def question(self, request: PanelRequest) -> Question | None:
        """Pylon's handshake, or the issue that somebody looks at."""
        values = {name.decode("utf-8", "replace"): found[0] for name, found in parameters(request.query).items()}
        given = {name: text for name, value in values.items() if (text := clean(value.decode("utf-8", "replace")))}
        match given.get("request_type"), given:
            case "verify", {"code": code} if len(code) <= LONGEST:
                return Handshake(code)
            case "fetch_data", {"issue_id": issue_id} if len(issue_id) <= LONGEST:
                return Wanted(ConversationKey("pylon_issue", issue_id), given.get("organization_id"))
            case _:
                return None

    def answer(self, told: Told) -> JsonObject:
        """A card per signal, the newest first, and the way to the whole conversation."""
        more = told.count - len(told.said)
        components: list[JsonValue] = [_card(said) for said in told.said]
        if not told.said:
            components.append(_text("Signals", "Nothing was heard of this issue yet."))
        if more > 0:
            components.append(_text("And before", f"{more} more"))
        components.append({"type": "button", "button_type": "link", "label": "Open in Signalbox", "url": told.url})
        return {"version": VERSION, "header": {"title": "What the customer said"}, "components": components}


def panel() -> Panel:
    """What answers Pylon's questions."""
    return PylonPanel()


def _card(said: Said) -> JsonObject:
    components: list[JsonValue] = [
        _text("Said", said.words if len(said.words) <= LONGEST else said.words[: LONGEST - 1] + "…"),
        {"type": "date_time", "label": "When", "value": said.at.isoformat(timespec="seconds").replace("+00:00", "Z")},
        {"type": "badge", "label": "Signalbox", "items": [*_badges(said)]},
        {"type": "link", "label": "Details", "url": said.url},
    ]
    if said.source_url:
        label = _ORIGINS.get(said.source, "Open the original")
        components.append({"type": "link", "label": label, "url": said.source_url})
    return {"type": "card", "header": {"title": said.author}, "components": components}


def _badges(said: Said) -> list[JsonObject]:
    severity = said.severity
    badges: list[JsonObject] = [
        {"value": said.status.capitalize(), "color": "green" if said.status != "new" else "blue"}
    ]
    if severity is not None:
        badges.append({"value": severity.capitalize(), "color": _COLOURS.get(severity, "gray")})
    return badges


def _text(label: str, value: str) -> JsonObject:
    return {"type": "text", "label": label, "value": value}
