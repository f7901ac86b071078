"""The logger that is handed to Slack's libraries: they quote codes, tokens and bodies, it passes none of that on."""

import logging

WITHHELD = "a message of Slack's library, withheld"


def slack_logger() -> logging.Logger:
    """Warnings and worse, with where they came from and which error it was, without their words."""
    logger = logging.getLogger("signalbox.slack")
    if not logger.filters:
        logger.addFilter(_withhold)
        logger.setLevel(logging.WARNING)
    return logger


def _withhold(record: logging.LogRecord) -> bool:
    """Empties a record before any handler sees it; Bolt copies this filter to all its own loggers."""
    error = record.exc_info[1] if record.exc_info else None
    record.msg = f"{WITHHELD} ({type(error).__name__})" if error else WITHHELD
    record.args = record.exc_info = record.exc_text = record.stack_info = None
    return True
