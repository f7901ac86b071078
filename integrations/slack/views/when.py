"""Moments as Slack shows them, in the reader's own time zone, and how long something lasts."""

from datetime import datetime, timedelta


def shown(moment: datetime) -> str:
    """Mrkdwn for the moment; in UTC where Slack cannot show it.

    Source: https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}}, {{time}}|{moment:%d %b %Y, %H:%M} UTC>"


def span(length: timedelta) -> str:
    """How long, roughly: ``3 min``, ``11 h 20 min``, ``2 d``."""
    minutes = max(0, int(length.total_seconds())) // 60
    hours, days = minutes // 60, minutes // (24 * 60)
    if days > 1:
        return f"{days} d"
    return f"{hours} h {minutes % 60} min" if hours else f"{minutes} min"
