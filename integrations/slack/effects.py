"""Slack's side of things, run through Bolt: stored events by the worker, interactive requests by the web process."""

from collections.abc import Callable, Sequence
from functools import cache

from slack_bolt import App, BoltRequest, BoltResponse

from core.adapter import InboundRequest, InteractiveReply, Keep, ReceivedEvent
from core.errors import SignalboxError, StepFailed
from core.logs import get_logger
from integrations.slack.bolt import ARRIVING, HAPPENING
from integrations.slack.interactions import Arriving
from integrations.slack.listeners import read_happening

log = get_logger()

NOTICE = '{"type": "event_callback", "event": {"type": "app_rate_limited"}}'
"""Slack's one event without an envelope, in the shape that Bolt knows."""
NOTHING_TO_SAY = InteractiveReply(200, "", "text/plain")


class SlackEffects:
    """Implements `core.adapter.Effects` and `core.adapter.Interactions`. ``app_for`` makes the Bolt app of a
    ``slack_apps`` row; each is made once.
    """

    def __init__(self, app_for: Callable[[str], App]) -> None:
        self._app_for = cache(app_for)

    def perform(self, event: ReceivedEvent) -> None:
        """Runs the event's listeners to their end. Raises `StepFailed`: ``slack_effect_failed`` when one of them
        failed (transient), ``slack_app_missing`` and ``slack_effect_unreadable`` for good.
        """
        response = self._app(event).dispatch(_as_request(event))
        if response.status >= 500:
            raise StepFailed("slack_effect_failed", permanent=False)

    def answer(self, slack_app_id: str, request: InboundRequest, keep: Keep) -> InteractiveReply:
        """Bolt's response. Never raises, never a 5xx: what is not handled or fails is answered 200 and empty."""
        try:
            interactive = BoltRequest(
                body=request.body.decode("utf-8", "replace"),
                headers=_headers(request),
                context={ARRIVING: Arriving(slack_app_id, keep)},
            )
            response = self._app_for(slack_app_id).dispatch(interactive)
        except Exception as error:  # hostile shapes make Bolt raise anything
            log.error("slack_interaction_failed", slack_app_id=slack_app_id, exc_info=error)  # noqa: TRY400
            return NOTHING_TO_SAY
        return NOTHING_TO_SAY if response.status >= 500 else _reply(response)

    def _app(self, event: ReceivedEvent) -> App:
        if event.slack_app_id is None:
            raise StepFailed("slack_app_missing", permanent=True)
        try:
            return self._app_for(event.slack_app_id)
        except SignalboxError as error:
            raise StepFailed(error.reason, permanent=True) from error


def _as_request(event: ReceivedEvent) -> BoltRequest:
    """The stored body again, with what it means. Bolt takes shapes for granted that an authentic body may lack."""
    happening = read_happening(event.payload, slack_app_id=event.slack_app_id or "", received_at=event.received_at)
    is_notice = happening is not None and happening.type == "app_rate_limited"
    try:
        return BoltRequest(
            body=NOTICE if is_notice else event.payload.decode(),
            headers={"content-type": "application/json"},
            context={HAPPENING: happening},
        )
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
        raise StepFailed("slack_effect_unreadable", permanent=True) from error


def _headers(request: InboundRequest) -> dict[str, str | Sequence[str]]:
    """How to read the body, and nothing else: some other headers, which nobody signs, would steer Bolt."""
    return {"content-type": request.headers.get("content-type", "")}


def _reply(response: BoltResponse) -> InteractiveReply:
    content_type = next(iter(response.headers.get("content-type", ())), "text/plain")
    return InteractiveReply(response.status, response.body, content_type)
