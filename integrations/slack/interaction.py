"""A verified interactive request, tamed once: what was done, by whom, and to which installation it belongs.

Shapes: https://docs.slack.dev/interactivity/handling-user-interaction
"""

from dataclasses import dataclass

from core.adapter import AccountKey
from core.taming import Tame, bounded

ISSUER = "https://slack.com"
"""Who vouches for Slack's people; the same as in Sign in with Slack."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts, in which Slack workspace, and of which organisation that is where the payload tells."""

    user: str
    team: str | None
    enterprise: str | None = None

    @property
    def subject(self) -> str:
        """Their name below `ISSUER`."""
        return f"{self.team}/{self.user}"

    def is_of(self, account: AccountKey) -> bool:
        """Whether they stand on the installation's side: in its team, or in its organisation for an org-wide one."""
        if account.team_id is not None:
            return self.team == account.team_id
        return account.enterprise_id is not None and self.enterprise == account.enterprise_id


@dataclass(frozen=True, slots=True)
class Interaction:
    """What somebody did. ``name`` is the callback id, the command, or the action id of what was touched."""

    kind: str
    name: str
    body: Tame
    account: AccountKey
    person: Person


def read_interaction(body: Tame) -> Interaction | None:
    """The request behind a decoded form; None when it does not say who acts. Total."""
    user, team = body.object("user"), body.object("team")
    acting = _id(user, "id") or _id(body, "user_id")
    if acting is None:
        return None
    home = _id(user, "team_id") or _id(body, "team_id") or _id(team, "id")
    enterprise = _id(team, "enterprise_id") or _id(body.object("enterprise"), "id") or _id(body, "enterprise_id")
    is_at_home = home is not None and home == (_id(team, "id") or _id(body, "team_id"))
    kind, name = _kind(body)
    return Interaction(
        kind=kind,
        name=name,
        body=body,
        account=_account(body, enterprise),
        person=Person(acting, home, enterprise if is_at_home else None),
    )


def _kind(body: Tame) -> tuple[str, str]:
    if command := body.text("command"):
        return "command", command
    kind = body.text("type") or ""
    action = next(body.objects("actions"), Tame(None))
    action_id = action.text("action_id") or body.text("action_id")
    return kind, body.text("callback_id") or action_id or body.object("view").text("callback_id") or ""


def _account(body: Tame, enterprise: str | None) -> AccountKey:
    """The installation, as Bolt finds it too: a dialog's own, else the place where it happened."""
    if body.flag("is_enterprise_install"):
        return AccountKey(enterprise)
    team = _id(body.object("view"), "app_installed_team_id") or _id(body.object("team"), "id") or _id(body, "team_id")
    return AccountKey(enterprise, team or _id(body.object("user"), "team_id"))


def _id(source: Tame, name: str) -> str | None:
    text = source.text(name)
    return bounded(text) if text else None
