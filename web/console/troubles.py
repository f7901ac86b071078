"""What keeps a connection, an import or a channel from working, in a sentence for people, with what helps."""

from collections.abc import Mapping

from flask import Flask

from pipeline.tokens.health import EXPLANATIONS
from web.console.reasons import reason_in_words

_TROUBLES: Mapping[str, str] = {
    "disconnected_by_admin": "an admin disconnected it",
    "app_uninstalled": "the app was removed in Slack",
    "tokens_revoked": "the app's token was revoked in Slack",
    "installation_deleted": "the installation was deleted",
    "slack_app_deleted": "its Slack app was deleted",
    "grid_migration": "the team is being moved into an organisation; names and imports wait",
    "slack_grid_migration": "the team is being moved into an organisation; it goes on when it has arrived",
    "needs_reconnect": "the token has ended: connect again",
    "token_not_refreshed": "the token has ended, and Slack gives no other one yet; it is tried again",
    "token_missing": "there is no token: connect again",
    "slack_token_expired": "the token has ended; it is refreshed, and then tried again",
    "integration_paused": "the connection is paused",
    "integration_disconnected": "the connection was ended",
    "slack_rate_limited": "Slack asked for a pause; it goes on after it",
    "slack_unavailable": "Slack did not answer; it is tried again",
    "slack_unreachable": "Slack could not be reached; it is tried again",
    "slack_scope_missing": "the app may not do this: add it to Slack again, and let it",
    "slack_channel_not_found": "there is no such channel, or the app cannot see it",
    "slack_channel_archived": "the channel is archived",
    "slack_not_in_channel": "the app is not in the channel: invite it with /invite",
    "slack_cursor_invalid": "Slack does not know any more where reading stood; it begins again",
    "slack_request_refused": "Slack refuses the question",
    "channel_list_failed": "an answer of Slack's could not be stored; it is tried again",
    "reconcile_failed": "an answer could not be stored; it is tried again",
    "import_page_failed": "a page could not be stored; it is tried again",
    "pylon_token_refused": "Pylon does not accept the API token: give it another one",
    "pylon_rate_limited": "Pylon asked for a pause; it goes on after it",
    "pylon_unavailable": "Pylon answered with an error; it is tried again",
    "pylon_unreachable": "Pylon did not answer; it is tried again",
    "digest_channel_shared": "others read the channel too, or Slack does not say who; pick another one",
}
"""In the middle of a sentence; the words are those of docs/reasons.md."""


def register_troubles(app: Flask) -> None:
    """Makes the functions here filters of every template."""
    for word in (trouble, trouble_sentence):
        app.add_template_filter(word)


def trouble(reason: str) -> str:
    """The clause for a failure's slug, without a full stop."""
    if reason in _TROUBLES:
        return _TROUBLES[reason]
    words = (EXPLANATIONS.get(reason) or reason_in_words(reason) or "").rstrip(".")
    return words if words.startswith(("Slack", "Pylon", "SIGNALBOX")) else words[:1].lower() + words[1:]


def trouble_sentence(reason: str) -> str:
    """The same as a whole sentence."""
    words = trouble(reason)
    return f"{words[:1].upper()}{words[1:]}."
