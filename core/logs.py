"""Structured logs: constant event names and allow-listed fields, so that no secret or body slips in."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED_FIELDS = frozenset({
    "event", "level", "timestamp", "exception", "error_class", "kind", "reason", "platform", "type", "status", "state",
    "method", "route", "duration_ms", "event_id", "signal_id", "integration_id", "workspace_id", "slack_app_id",
    "webhook_key_id", "user_id", "endpoint_id", "delivery_id", "team_id", "step", "count", "attempts", "due_at",
    "lookup", "bind", "public_url", "database", "migration", "pid", "signal", "version", "problem",
})  # fmt: skip


def configure_logs(level: str = "INFO", form: str = "console") -> None:
    """Sends Signalbox's own events to stderr as ``console`` lines or ``json``; libraries only from WARNING on,
    without their messages, which may quote what they handle.
    """
    renderer: Any = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    if form == "json":
        renderer = structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _name_exception,
            _only_allowed,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_LibraryHandler(logging.WARNING)], level=logging.WARNING, force=True)


def get_logger() -> structlog.typing.FilteringBoundLogger:
    """The one way to a logger: ``log.info("inbound_refused", platform="slack", reason="signature_mismatch")``."""
    logger: structlog.typing.FilteringBoundLogger = structlog.get_logger()
    return logger


def _only_allowed(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: value for name, value in event.items() if name in ALLOWED_FIELDS}


def _name_exception(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Where an exception happened, never what it said: messages of drivers and SDKs quote parameters."""
    info = event.pop("exc_info", None)
    error = sys.exc_info()[1] if info is True else info
    if isinstance(error, BaseException):
        event["error_class"] = type(error).__name__
        event["exception"] = " < ".join(_frames(error))
    return event


def _frames(error: BaseException) -> list[str]:
    frames: list[str] = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames[::-1][:12]


class _LibraryHandler(logging.Handler):
    """A library's warning becomes one constant event that names where it came from."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        get_logger().warning("library_warning", kind=f"{record.name}:{record.lineno}", exc_info=error)
