"""The adapter protocol: everything Signalbox asks of a platform. Adapters are pure; effects are protocols below.

An event's way: ``verify`` (authentic?) → ``envelope`` (what is it?) → stored → ``signals`` (what does it say?).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from core.signal import Decision, Lookup
from core.taming import JsonObject

Door: TypeAlias = Literal["slack_app", "ingest_key", "webhook_key"]
"""How a request selects its credential: the Slack app in the path, the unguessable key in the path
(``/webhooks/<platform>/<key>``), or the generic key headers."""

Findings: TypeAlias = Mapping[Lookup, JsonObject]


@dataclass(frozen=True, slots=True)
class InboundRequest:
    """A request as it came: header names in lower case, the body as raw bytes, the moment it arrived (UTC)."""

    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Secrets:
    """The live secrets of the credential that the route selected, newest first.

    ``identified`` is true when choosing the credential already proved one (an API key looked up by its digest).
    ``accepts_timed``: the connection chose to take signatures over ``timestamp.body`` as well.
    """

    signing: tuple[str, ...] = field(default=(), repr=False)
    header_name: str | None = None
    header: tuple[str, ...] = field(default=(), repr=False)
    identified: bool = False
    accepts_timed: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not authentic: a stable slug and nothing of the request."""

    reason: str


@dataclass(frozen=True, slots=True)
class AccountKey:
    """The installation an event is addressed to. Org-wide installations have no team."""

    enterprise_id: str | None = None
    team_id: str | None = None


@dataclass(frozen=True, slots=True)
class Shared:
    """A place, such as a channel, whose events concern every installation in it, though an event names but one.

    ``context`` is what the platform wants to hear when it is asked for the others.
    """

    place: str
    context: str


@dataclass(frozen=True, slots=True)
class Reshaping:
    """An event that changes who is in these places: what was known of their audience is no longer true.

    ``member`` is who came or went, when that is all it tells: it matters only if that is a bot of ours.
    """

    places: tuple[str, ...]
    member: str | None = None


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an authentic request is, before anyone asks what it says.

    ``external_id`` deduplicates within the credential (None: each delivery is its own event).
    ``malformed`` is the reason when the body cannot be understood: such an event is stored as failed.
    ``app_id`` and ``accounts`` address platforms whose credential serves many tenants; ``shared`` says where there may
    be more of them than ``accounts`` names, ``reshaping`` that the event changes who they are.
    ``effects`` marks events that act on the platform's side instead of carrying words.
    ``subject`` names what the event is about as a signal's ref does, so that a person can ask what became of it.
    ``is_hint``: with an access token the body is no more than a hint that its subject is to be read again.
    ``reply`` is what the platform wants echoed at once, without storing (Slack's challenge).
    """

    type: str
    external_id: str | None = None
    malformed: str | None = None
    app_id: str | None = None
    accounts: tuple[AccountKey, ...] = ()
    shared: Shared | None = None
    reshaping: Reshaping | None = None
    effects: bool = False
    reply: str | None = None
    subject: str | None = None
    is_hint: bool = False


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """A stored event, as the steps hand it to adapters and effects."""

    id: str
    platform: str
    type: str
    payload: bytes
    received_at: datetime
    slack_app_id: str | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """The workspace's side of an event: which connection it came through and how that is configured.

    ``scope`` is the signal's source scope (webhook key, Pylon organisation, "" for Slack). ``colleagues`` are the
    addresses of the workspace's members, in lower case, where a body may be all that tells who somebody is.
    """

    workspace_id: str
    scope: str = ""
    integration_id: str | None = None
    account: AccountKey = AccountKey()
    bot_user_id: str | None = None
    bot_id: str | None = None
    has_token: bool = False
    is_active: bool = True
    colleagues: frozenset[str] = frozenset()
    config: JsonObject = field(default_factory=dict)


class Adapter(Protocol):
    """One platform. Stateless, pure and total: it never raises for anything a stranger or a platform can send,
    except `InvalidFields` and `NotJsonObject` from ``envelope`` where ``validates`` is true.
    """

    platform: str
    """The folder's name, and the signals' ``source``."""
    door: Door
    validates: bool
    """True: an authentic but invalid request is refused (400/422). False: it is stored as failed and acknowledged."""

    def verify(self, request: InboundRequest, secrets: Secrets) -> Refusal | None:
        """Constant-time authentication on the raw bytes; None means authentic."""

    def envelope(self, request: InboundRequest) -> Envelope:
        """Called on authentic requests, and again on stored bodies (then without headers)."""

    def signals(self, event: ReceivedEvent, recipient: Recipient, findings: Findings) -> Decision:
        """What this event means for this recipient. ``findings`` holds the look-ups asked for so far."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a call to a platform needs of the integration: its token (opened for this call only) and its region.

    ``owner`` names whoever shares the platform's rate limit with it: the installation or the organisation. ``told`` is
    for platforms whose tokens are not renewed: whoever presents the token says how it was taken, None or the reason.
    """

    token: str = field(repr=False)
    region: str | None = None
    owner: str = ""
    told: Callable[[str | None], None] = field(default=lambda _: None, repr=False, compare=False)


class AccessSource(Protocol):
    """Opens an integration's access for one call, with a token that is good for now."""

    def access(self, integration_id: str) -> Access:
        """Raises `core.errors.StepFailed`: ``token_missing`` when there is none to use."""


class Pauses(Protocol):
    """Remembers, for all processes, who was asked to wait: one owner's pause never holds up another's calls."""

    def remaining(self, owner: str, endpoint: str) -> float:
        """Seconds until that endpoint may be called again for that owner; 0 when it may now."""

    def pause(self, owner: str, endpoint: str, seconds: float) -> None:
        """Nobody calls that endpoint for that owner for so long. Only ever lengthens a pause."""


class LookupClient(Protocol):
    """Performs an adapter's look-ups over the network."""

    def fetch(self, lookup: Lookup, access: Access) -> JsonObject:
        """The finding. Raises `core.errors.StepFailed`, transient or permanent."""


class Effects(Protocol):
    """Acts on events that carry no words (lifecycle, App Home): each call is idempotent."""

    def perform(self, event: ReceivedEvent) -> None:
        """Raises `core.errors.StepFailed` when it is to be tried again."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a delivery's check can find: about what, whether it is well (None: it does not matter), and a
    sentence for a person that says the fix.
    """

    about: str
    is_well: bool | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """A body to paste into the platform: when it is to be sent, and the template itself."""

    when: str
    body: str


class Inspector(Protocol):
    """Tells how a delivery's checks went, for whoever sets the connection up. Total, and stateless."""

    @property
    def checks(self) -> Mapping[str, Check]:
        """Everything it can find, by slug."""

    @property
    def triggers(self) -> Sequence[Trigger]:
        """The bodies that are proposed for the platform's webhooks."""

    @property
    def remedies(self) -> Mapping[str, str]:
        """What a person can do about a reason for which the platform's events bring nothing, by slug."""

    def inspect(self, request: InboundRequest, secrets: Secrets, *, is_authentic: bool) -> tuple[str, ...]:
        """The findings' slugs. Of a request that is not authentic only the credentials may be looked at."""


@dataclass(frozen=True, slots=True)
class InteractiveReply:
    """An interactive request's immediate answer (Slack wants it within three seconds)."""

    status: int
    body: str
    content_type: str


class Keep(Protocol):
    """Takes what an interactive request says into the inbox: what must last is committed before the answer."""

    def __call__(self, body: bytes) -> None:
        """Commits the body as an event of the app that sent it. Raises the database's error when nothing was."""


class Interactions(Protocol):
    """Answers verified interactive requests (buttons, shortcuts, slash commands) in the web process."""

    def answer(self, slack_app_id: str, request: InboundRequest, keep: Keep) -> InteractiveReply:
        """Never raises: an unhandled request is answered 200 and empty."""
