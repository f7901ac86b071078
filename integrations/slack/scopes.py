"""What the Slack app can do, with the scopes and events each ability costs; ``manifest.yml`` says the same.

A new ability is one more `Feature` here, and its scopes and events in the manifest. Slack grants scopes additively and
keeps optional ones apart (https://docs.slack.dev/authentication/installing-with-oauth), so code that needs a scope asks
`has_scope` and does without when it was not granted.
"""

from core.features import Feature, FeatureTable, Scoped

CHANNEL_EVENTS = (
    "member_joined_channel",
    "member_left_channel",
    "channel_shared",
    "channel_unshared",
    "channel_left",
    "group_left",
    "channel_id_changed",
    "channel_created",
    "channel_rename",
    "group_rename",
)
"""Who is in a channel, and what it is called: https://docs.slack.dev/reference/events"""
LIFECYCLE_EVENTS = (
    "app_uninstalled",
    "tokens_revoked",
    "team_access_granted",
    "team_access_revoked",
    "grid_migration_started",
    "grid_migration_finished",
)
"""What becomes of an installation: https://docs.slack.dev/reference/events"""

FEATURES = FeatureTable(
    (
        Feature(
            "public_channels",
            "messages in public channels",
            scopes=("channels:history",),
            events=("message.channels",),
        ),
        Feature(
            "private_channels",
            "messages in private channels",
            scopes=("groups:history",),
            events=("message.groups",),
        ),
        Feature(
            "people",
            "the names of people, and on whose side they are",
            scopes=("users:read",),
            optional=True,
        ),
        Feature(
            "companies",
            "the names of customers' companies",
            scopes=("team:read",),
            events=("team_rename",),
            optional=True,
        ),
        Feature(
            "channels",
            "the names of channels, and word of who comes and goes",
            scopes=("channels:read", "groups:read"),
            events=CHANNEL_EVENTS,
            optional=True,
        ),
        Feature(
            "join_channels",
            "joining public channels from here",
            scopes=("channels:join",),
            optional=True,
        ),
        Feature(
            "shortcuts",
            "shortcuts on messages",
            scopes=("commands",),
        ),
        Feature(
            "reactions",
            "capture by emoji",
            scopes=("reactions:read", "users:read"),
            events=("reaction_added",),
            optional=True,
        ),
        Feature(
            "mentions",
            "capture by mentioning the app",
            scopes=("app_mentions:read", "users:read"),
            events=("app_mention",),
            optional=True,
        ),
        Feature(
            "answers",
            "direct messages that say what came of a mention",
            scopes=("chat:write",),
            optional=True,
        ),
        Feature(
            "home",
            "its home page in Slack",
            events=("app_home_opened",),
        ),
        Feature(
            "unfurls",
            "what is behind links to signals",
            scopes=("links:read", "links:write", "channels:read", "groups:read"),
            events=("link_shared",),
            optional=True,
        ),
        Feature(
            "digest",
            "the daily digest in a channel of yours",
            scopes=("chat:write", "channels:read", "groups:read"),
            optional=True,
        ),
        Feature(
            "lifecycle",
            "word of its own removal",
            events=LIFECYCLE_EVENTS,
        ),
    )
)


def has_scope(integration: Scoped, feature: str) -> bool:
    """Whether the integration was granted all scopes of the feature of that name."""
    return FEATURES.has_scope(integration, feature)
