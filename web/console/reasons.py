"""What became of an event, in a sentence for people; the words are those of docs/reasons.md."""

from web.console.wording import humanized

_OUTCOMES = {
    "captured": "Its words were new, and were kept.",
    "updated": "Its words were edited at the source, and this follows.",
    "deleted": "Its words were deleted at the source, and this follows.",
    "superseded": "A newer version was here already.",
    "handled": "It was acted on, and carried no words.",
    "ignored": "It was understood, and was not for keeping.",
    "failed": "It could not be processed.",
}
_REASONS = {
    "nothing_to_change": "the event was understood, and nothing of it concerned a signal",
    "nothing_to_write": "the platform's adapter named no signal",
    "unchanged": "this very version is stored already, as after a replay",
    "newer_version_stored": "a newer version came first",
    "tombstone": "the words were deleted before their original arrived",
    "integration_paused": "the connection is paused (`is_active` is false)",
    "channel_not_shared": "no channels are listed, and this one is not shared with another company",
    "channel_not_selected": "channels are listed, and this one is not among them",
    "internal_author": "the mode keeps the words of people outside the company only",
    "team_access_revoked": (
        "an organisation's admin took the team in which it was said from the app; "
        "what is said after the team is given back is taken"
    ),
    "only_when_asked": "the mode keeps nothing by itself",
    "direct_message": "direct and group direct messages are private",
    "own_message": "Signalbox's own message",
    "message_empty": "neither text nor files",
    "asked_by_outsider": "whoever asked for the capture is a guest, or of another company",
    "other_reaction": "an emoji, but not the one that captures",
    "reaction_removed": "taking the emoji away forgets nothing",
    "slack_message_not_found": "the message that was asked for is not there any more",
    "slack_not_in_channel": "the app is not in that channel",
    "slack_channel_not_found": "there is no such channel, or the app cannot see it",
    "digest_channel_shared": (
        "the digest's channel is read by others too, or Slack does not say by whom; "
        "it stops until a channel is picked again"
    ),
    "workspace_not_connected": "no connected workspace is entitled to the event",
    "erased": "an admin erased what this person or account said; the payload is gone or hidden",
    "bot_message": "a bot's message, not a person's words",
    "unfurl_only": "Slack changed the message (a link's preview), its author did not",
    "state_change_only": "without an API token: the event brings no new words",
    "no_customer_words": "only our side has written, or the text is empty",
    "agent_message": "without an API token: written by our side",
    "private_message": "without an API token: an internal note",
    "pylon_not_found": "Pylon has no such issue, or not for this token",
    "no_issue_id": "the body names no issue, or not by an identifier",
    "signature_mismatch": "the signature is not of this body under a live secret",
}
"""Of those that can stand on a signal's receipt; a platform's rarer ones are shown by their slug."""


def outcome_in_words(outcome: str) -> str:
    """The sentence for a receipt's outcome."""
    return _OUTCOMES.get(outcome, humanized(outcome))


def reason_in_words(reason: str | None) -> str | None:
    """The sentence for a reason slug."""
    if not reason:
        return None
    words = _REASONS.get(reason, humanized(reason)).replace("`", "")
    return words[:1].upper() + words[1:]
