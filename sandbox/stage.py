"""Performs beats on the two stand-ins: remembers what was said, so that it can be answered, edited or deleted."""

import re

import httpx

from core.taming import JsonObject
from sandbox import pylon_objects, slack_events
from sandbox.beats import Beat, BotSays, Delete, Edit, Join, OpenIssue, ReplyInIssue, Say, SetState
from sandbox.cast import BLUE_HARBOR, CUSTOMERS, HOME, KESTREL, Cast, Company
from sandbox.pylon import PylonStandIn
from sandbox.slack import SlackStandIn
from sandbox.triggers import flat_issue, thin

SLACK_CHANNELS = {KESTREL.key: "kestrel-tidewater", BLUE_HARBOR.key: "blue-harbor-tidewater"}


class Stage:
    """The cast in Slack and in Pylon. One beat at a time; each sends one request to Signalbox."""

    def __init__(self, slack: SlackStandIn, pylon: PylonStandIn, cast: Cast) -> None:
        self._slack, self._pylon, self._cast = slack, pylon, cast
        self._said: dict[str, JsonObject] = {}
        self._issues: dict[str, str] = {}
        self._accounts: dict[str, JsonObject] = {}
        self._contacts: dict[str, JsonObject] = {}
        for company in CUSTOMERS:
            self._enter(company)

    def perform(self, beat: Beat) -> httpx.Response:
        """Lets it happen and returns Signalbox's answer. Raises `httpx.TransportError` when there is none."""
        if isinstance(beat, OpenIssue | ReplyInIssue | SetState):
            return self._pylon.send_trigger(self._trigger(beat))
        return self._slack.deliver(self._slack.event(self._event(beat), team=self._cast.home), retries=1)

    def describe(self, beat: Beat) -> str:
        """What happens, without the words that are said."""
        match beat:
            case Say(channel=channel, author=author, reply_to=reply_to):
                what = f"{self._cast.users[author].name} {'replies' if reply_to else 'writes'} in #{channel}"
            case Edit(of=of):
                what = f"{self._author_of(of)} edits a message"
            case Delete(of=of):
                what = f"{self._author_of(of)} deletes a message"
            case BotSays(channel=channel, name=name):
                what = f"{name} (an app) writes in #{channel}"
            case Join(channel=channel, who=who):
                what = f"{self._cast.users[who].name} joins #{channel}"
            case OpenIssue(requester=requester):
                what = f"{self._cast.users[requester].name} opens a ticket in Pylon"
            case ReplyInIssue(author=author, is_private=is_private):
                what = f"{self._cast.users[author].name} {'adds a note to' if is_private else 'answers in'} a ticket"
            case SetState(state=state):
                what = f"a ticket in Pylon is now {state}"
        return what

    def _event(self, beat: Say | Edit | Delete | BotSays | Join) -> JsonObject:
        ts = self._slack.next_ts()
        match beat:
            case Say():
                return self._message(beat, ts)
            case Edit(of=of, text=text):
                event = slack_events.message_changed(self._said[of], self._markup(text), ts)
                self._said[of] = self._said[of] | {"text": self._markup(text)}
                return event
            case Delete(of=of):
                return slack_events.message_deleted(self._said.pop(of), ts)
            case BotSays(channel=name):
                channel = self._cast.channels[name]
                return slack_events.bot_message(channel, self._cast.home.id, beat.name, beat.text, ts)
            case Join(who=who, inviter=inviter):
                channel = self._cast.channels[beat.channel]
                users = self._cast.users
                return slack_events.channel_join(channel, users[who], ts, inviter=users[inviter])

    def _message(self, beat: Say, ts: str) -> JsonObject:
        channel, author = self._cast.channels[beat.channel], self._cast.users[beat.author]
        text = self._markup(beat.text)
        if beat.file:
            event = slack_events.file_share(channel, author, text, ts, beat.file)
        else:
            root = str(self._said[beat.reply_to]["ts"]) if beat.reply_to else None
            event = slack_events.message(channel, author, text, ts, thread_ts=root)
        if beat.key:
            self._said[beat.key] = event
        return event

    def _markup(self, text: str) -> str:
        """As Slack sends it: people who are mentioned (``@jonas``) by their ids."""
        return re.sub(r"@(\w+)", lambda found: self._mention(found[1]) or found[0], text)

    def _mention(self, key: str) -> str | None:
        return f"<@{self._cast.users[key].id}>" if key in self._cast.users else None

    def _trigger(self, beat: OpenIssue | ReplyInIssue | SetState) -> JsonObject:
        match beat:
            case OpenIssue():
                issue = self._opened(beat)
                account = self._accounts[_company_of(beat.requester).key]
                return flat_issue(issue, account) if beat.template == "flat" else thin("issue.created", issue)
            case ReplyInIssue(issue=key):
                message = self._pylon.add_message(self._issues[key], self._reply(beat))
                return thin("message.created", {"id": self._issues[key]}, message_id=str(message["id"]))
            case SetState(issue=key, state=state):
                issue = self._pylon.change_issue(self._issues[key], {"state": state})
                return thin("issue.status_changed", issue, status=state)

    def _opened(self, beat: OpenIssue) -> JsonObject:
        now = self._slack.clock()
        contact = self._contacts[beat.requester]
        issue = self._pylon.add_issue(
            pylon_objects.issue(
                self._pylon.next_number(),
                beat.title,
                beat.text,
                of_account=self._accounts[_company_of(beat.requester).key],
                requester=contact,
                source=beat.source,
                created_at=now,
                tags=beat.tags,
                slack=self._root(beat.from_message) if beat.from_message else None,
            )
        )
        author = pylon_objects.MessageAuthor(str(contact["id"]), str(contact["name"]), str(contact["email"]), True)
        self._pylon.add_message(str(issue["id"]), pylon_objects.message(author, beat.text, source=beat.source, at=now))
        self._issues[beat.key] = str(issue["id"])
        return issue

    def _root(self, key: str) -> pylon_objects.SlackRoot:
        said = self._said[key]
        return pylon_objects.SlackRoot(self._cast.home.id, str(said["channel"]), str(said["ts"]))

    def _reply(self, beat: ReplyInIssue) -> JsonObject:
        person = self._cast.users[beat.author]
        contact = self._contacts.get(beat.author)
        author = pylon_objects.MessageAuthor(
            id=str(contact["id"]) if contact else f"user-{person.id}",
            name=person.name,
            email=person.email or "",
            is_contact=contact is not None,
        )
        at = self._slack.clock()
        return pylon_objects.message(author, beat.text, source="email", at=at, is_private=beat.is_private)

    def _enter(self, company: Company) -> None:
        """Pylon knows the company and its people from the start."""
        now = self._pylon.clock()
        channel = self._cast.channels[SLACK_CHANNELS[company.key]]
        account = pylon_objects.account(company.name, company.domain, created_at=now, slack_channel_id=channel.id)
        self._accounts[company.key] = self._pylon.add_account(account)
        for person in company.people:
            user = self._cast.users[person.key]
            contact = pylon_objects.contact(person.name, company.email(person), account, slack_user_id=user.id)
            self._contacts[person.key] = self._pylon.add_contact(contact)

    def _author_of(self, key: str) -> str:
        author = self._slack.world.user(str(self._said[key]["user"])) if key in self._said else None
        return author.name if author else "somebody"


def _company_of(person_key: str) -> Company:
    return next(c for c in (HOME, *CUSTOMERS) if any(person.key == person_key for person in c.people))
