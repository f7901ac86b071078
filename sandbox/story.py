"""The sample conversations, as data: what two customers tell the makers of a scheduling product."""

from collections.abc import Iterator
from itertools import count

from sandbox.beats import Beat, BotSays, Delete, Edit, Join, OpenIssue, ReplyInIssue, Say, SetState
from sandbox.slack_events import SlackFile

KESTREL, HARBOR, DESK = "kestrel-tidewater", "blue-harbor-tidewater", "support-desk"

FIRST_WAVE: tuple[Beat, ...] = (
    Say(
        "export",
        KESTREL,
        "marta",
        "Since Tuesday the CSV export of the visit log stops at 1,000 rows, without any error. Our review with "
        "finance is on Thursday and I can't reconcile spare parts without the whole file.",
    ),
    Say(
        "reminders",
        HARBOR,
        "elena",
        "Could visit reminders go out in the patient's own language? About a third of our patients read Spanish "
        "first, and they are most of our missed visits.",
    ),
    OpenIssue(
        "double_booking",
        "tom",
        "Two nurses booked into the same visit",
        "This morning two nurses arrived at the same patient's home. Both had the visit on their phones, but the "
        "office calendar showed only one. It is the second time this month and families are getting upset.",
        source="email",
        tags=("scheduling",),
    ),
    Say("", KESTREL, "jonas", "Thanks Marta, I can reproduce it. The export job is being looked at now.", "export"),
    Say(
        "route_view",
        KESTREL,
        "devon",
        "The new route view is lovely, by the way :tada: Our technicians stopped printing maps within a week.",
    ),
    OpenIssue(
        "sso",
        "devon",
        "Let us sign in through our own identity provider",
        "Every technician who leaves has to be removed by hand in Tidewater. With single sign-on our IT would "
        "approve the roll-out to the other two sites; without it they won't.",
        source="form",
        tags=("security", "roll-out"),
        template="flat",
    ),
)

LATER: tuple[Beat, ...] = (
    Say(
        "export_more",
        KESTREL,
        "marta",
        "It also drops the time zone: visits after 22:00 land on the next day. That one has been there longer.",
        "export",
    ),
    BotSays(KESTREL, "Deploy notes", "Tidewater 8.14 is rolling out to all regions."),
    Say(
        "offline",
        HARBOR,
        "aisha",
        "In the basement wards there is no signal and the app loses the notes I typed. I now write on paper and "
        "copy everything in the evening, it costs me forty minutes a day.",
    ),
    OpenIssue(
        "offline_issue",
        "aisha",
        "Notes are lost when the phone has no signal",
        "In the basement wards there is no signal and the app loses the notes I typed. I now write on paper and "
        "copy everything in the evening, it costs me forty minutes a day.",
        source="slack",
        tags=("mobile",),
        from_message="offline",
    ),
    Say("", HARBOR, "sam", "That sounds exhausting, sorry Aisha. Which phone do you use?", "offline"),
    Say("phone", HARBOR, "aisha", "A Galaxy A15, same as everyone on the ward. Android updated last week.", "offline"),
    Edit(
        "phone",
        "A Galaxy A15, same as everyone on the ward. Android updated last week, and before that it was fine.",
    ),
    Say("", KESTREL, "devon", "thanks!", "export"),
    Say(
        "screenshot",
        HARBOR,
        "tom",
        "This is what the week looks like when I drag a visit across midnight: it shows twice, and only one of the "
        "two can be deleted.",
        file=SlackFile("week-view.png", "image/png", 184_213),
    ),
    Join(HARBOR, "priya", "sam"),
    Say("wrong_channel", KESTREL, "marta", "Lunch is at the usual place, I'm ten minutes late, order for me please"),
    Delete("wrong_channel"),
    ReplyInIssue(
        "double_booking",
        "tom",
        "It happened again, this time with a visit that had been moved by the patient's daughter in the portal.",
    ),
    ReplyInIssue("double_booking", "sam", "The portal skips the overlap check. Not to be told outside yet.", True),
    ReplyInIssue("double_booking", "jonas", "We found the cause and a fix goes out tonight. I'll write again then."),
    Say("", DESK, "jonas", "Can somebody take the Kestrel export before noon? I'm on the double booking."),
    Say(
        "api_limit",
        KESTREL,
        "devon",
        "@priya we would love a webhook when a visit changes. Polling <https://api.tidewater.example/visits|the API> "
        "every minute hits the limit at about 400 robots, and we will have 900 by spring.",
    ),
    Say("", KESTREL, "priya", "That is really useful to know, Devon. Would one hook per site be enough?", "api_limit"),
    Say("", KESTREL, "devon", "Per site is perfect. Even a batch every ten seconds would do.", "api_limit"),
    SetState("double_booking", "closed"),
    Say(
        "",
        HARBOR,
        "elena",
        "Whoever fixed the double booking overnight: thank you. First quiet Monday in a month, the families noticed.",
    ),
)

_MORE: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    (
        KESTREL,
        "marta",
        "Is there a way to {}? Three of my dispatchers asked this week.",
        ("copy a whole week of visits", "lock a visit once the crew has left", "see who moved a visit, and when"),
    ),
    (
        HARBOR,
        "tom",
        "The {} took over a minute to load again this morning.",
        ("week view", "patient search", "print preview"),
    ),
    (
        KESTREL,
        "devon",
        "Your docs say {} is optional, but the API answers 422 without it.",
        ("`site_id`", "`window_end`", "`crew_size`"),
    ),
    (
        HARBOR,
        "aisha",
        "Just to say: {} saved us a good half hour today.",
        ("the new hand-over sheet", "swapping two visits with one drag", "dictating notes"),
    ),
    (
        HARBOR,
        "elena",
        "For the audit we need {}. Is that planned? It decides whether the northern clinics join.",
        ("a log of who opened a record", "notes kept for ten years", "a signed visit report as PDF"),
    ),
)


def more() -> Iterator[Beat]:
    """Endless small talk after the story: who speaks and about what changes from turn to turn."""
    for turn in count():
        channel, author, sentence, matters = _MORE[turn % len(_MORE)]
        matter = matters[turn // len(_MORE) % len(matters)]
        yield Say("", channel, author, sentence.format(matter))
