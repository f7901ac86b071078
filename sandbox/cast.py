"""Who plays: a software company, two of its customers, their people, and the channels they share."""

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.slack_world import SlackChannel, SlackTeam, SlackUser, SlackWorld, slack_id


@dataclass(frozen=True, slots=True)
class Person:
    """A person and what they do."""

    key: str
    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Company:
    """A company; the first person administers its Slack."""

    key: str
    name: str
    domain: str
    people: tuple[Person, ...]

    def email(self, person: Person) -> str:
        """The person's address at the company."""
        return f"{person.name.split(' ', maxsplit=1)[0].lower()}@{self.domain}"


HOME = Company(
    "tidewater",
    "Tidewater",
    "tidewater.example",
    (
        Person("jonas", "Jonas Berg", "Support lead"),
        Person("priya", "Priya Raman", "Product manager"),
        Person("sam", "Sam Okoro", "Support engineer"),
    ),
)
KESTREL = Company(
    "kestrel",
    "Kestrel Robotics",
    "kestrel-robotics.example",
    (
        Person("marta", "Marta Olsen", "Head of field operations"),
        Person("devon", "Devon Clarke", "Integrations engineer"),
    ),
)
BLUE_HARBOR = Company(
    "blue_harbor",
    "Blue Harbor Clinics",
    "blueharbor.example",
    (
        Person("elena", "Elena Vasquez", "Director of home care"),
        Person("tom", "Tom Whitfield", "Scheduling coordinator"),
        Person("aisha", "Aisha Noor", "Charge nurse"),
    ),
)
CUSTOMERS = (KESTREL, BLUE_HARBOR)

CHANNELS: Mapping[str, tuple[Company, ...]] = {
    "kestrel-tidewater": (HOME, KESTREL),
    "blue-harbor-tidewater": (HOME, BLUE_HARBOR),
    "support-desk": (HOME,),
}


@dataclass(frozen=True, slots=True)
class Cast:
    """The same people with Slack ids, which are new each time."""

    world: SlackWorld
    home: SlackTeam
    users: Mapping[str, SlackUser]
    channels: Mapping[str, SlackChannel]


def assemble() -> Cast:
    """A fresh cast: the home company's team comes first in the world, so the app is installed there."""
    teams = {company.key: _team(company) for company in (HOME, *CUSTOMERS)}
    users = {
        person.key: _user(company, person, teams[company.key])
        for company in (HOME, *CUSTOMERS)
        for person in company.people
    }
    channels = {
        name: SlackChannel(id=slack_id("C"), name=name, team_ids=tuple(teams[company.key].id for company in companies))
        for name, companies in CHANNELS.items()
    }
    world = SlackWorld(teams=tuple(teams.values()), users=tuple(users.values()), channels=tuple(channels.values()))
    return Cast(world, teams[HOME.key], users, channels)


def _team(company: Company) -> SlackTeam:
    return SlackTeam(id=slack_id("T"), name=company.name, domain=company.domain.split(".", maxsplit=1)[0])


def _user(company: Company, person: Person, team: SlackTeam) -> SlackUser:
    return SlackUser(
        id=slack_id("U"),
        team_id=team.id,
        name=person.name,
        email=company.email(person),
        title=person.title,
        is_admin=person == company.people[0],
    )
