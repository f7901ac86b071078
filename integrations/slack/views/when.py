"""Moments as Slack shows them: in the reader's own time zone."""

from datetime import datetime


def shown(moment: datetime) -> str:
    """Mrkdwn for the moment; in UTC where Slack cannot show it.

    Source: https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}}, {{time}}|{moment:%d %b %Y, %H:%M} UTC>"
