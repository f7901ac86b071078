"""What a person sees when Add to Slack ended: what happened, in plain words, and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

from jinja2 import Environment, PackageLoader, StrictUndefined
from slack_sdk.oauth.installation_store import Installation

RETRY_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Page:
    """A whole HTML answer."""

    status: int
    html: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ending:
    """How it can end badly: the status, a headline, what happened, and the next step."""

    status: int
    title: str
    happened: str
    next_step: str


class InstallPages:
    """Self-contained pages: no script, no other host, nothing of the request in them."""

    HEADERS: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": (
                "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
                "frame-ancestors 'none'"
            ),
        }
    )

    def __init__(self, public_url: str) -> None:
        self._console_url = f"{public_url}/"

    def success(self, installation: Installation) -> Page:
        """The team is connected: its name and the scopes that were granted."""
        html = _TEMPLATES.get_template("connected.html").render(
            team=installation.team_name or installation.enterprise_name or "your Slack workspace",
            scopes=sorted(installation.bot_scopes or ()),
            console_url=self._console_url,
        )
        return self._page(200, html)

    def refused_by_slack(self, error: str) -> Page:
        """The page for the ``error`` of Slack's redirect. Anybody can write that URL, so it is never repeated."""
        return self.failure("access_denied" if error == "access_denied" else "slack_error")

    def failure(self, reason: str) -> Page:
        """The page for one of our own reasons."""
        ending = ENDINGS[reason]
        html = _TEMPLATES.get_template("failed.html").render(
            ending=ending, reason=reason, console_url=self._console_url
        )
        return self._page(ending.status, html)

    def _page(self, status: int, html: str) -> Page:
        retry = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}
        return Page(status, html, {"Content-Type": "text/html; charset=utf-8", **self.HEADERS, **retry})


_TEMPLATES = Environment(loader=PackageLoader("oauth"), autoescape=True, undefined=StrictUndefined)

_AGAIN = "Start again with the Add to Slack button in the console, or open the install link again."

ENDINGS: Mapping[str, Ending] = MappingProxyType(
    {
        "access_denied": Ending(
            200,
            "Not added to Slack",
            "The request was cancelled in Slack. Nothing was changed.",
            "If that was not meant, start again. In some companies a Slack admin has to approve apps first.",
        ),
        "slack_error": Ending(
            400,
            "Slack did not allow it",
            "Slack sent you back with an error. Nothing was changed.",
            f"{_AGAIN} If it happens again, compare the Slack app with the manifest that Signalbox prints.",
        ),
        "sign_in_required": Ending(
            401,
            "Please sign in first",
            "Only a signed-in owner or admin of the workspace can add it to Slack.",
            "Sign in to the console, then use its Add to Slack button, or ask an admin for an install link.",
        ),
        "install_forbidden": Ending(
            403,
            "Not allowed",
            "Only an owner or an admin of the workspace can add it to Slack. Nothing was changed.",
            "Ask an owner or an admin of the workspace to do it, or to make you an admin.",
        ),
        "not_found": Ending(
            404,
            "No such Slack app",
            "The address names a Slack app that this workspace does not have.",
            "Use the Add to Slack button in the console: it names the right one.",
        ),
        "slack_app_missing": Ending(
            409,
            "No Slack app is configured",
            "This server does not know yet which Slack app to add.",
            "Its operator sets SIGNALBOX_SLACK_CLIENT_ID, SIGNALBOX_SLACK_CLIENT_SECRET and "
            "SIGNALBOX_SLACK_SIGNING_SECRET and restarts, or an admin registers the workspace's own Slack app.",
        ),
        "slack_app_incomplete": Ending(
            409,
            "This Slack app is not ready yet",
            "Its client id and its secrets were not pasted into Signalbox yet.",
            "An admin finishes it in the console, under Slack apps.",
        ),
        "ticket_invalid": Ending(
            401,
            "This install link is not valid any more",
            "An install link works once, for one hour.",
            "Ask whoever sent it for a new one.",
        ),
        "invalid_browser": Ending(
            400,
            "Please finish in the browser where you began",
            "This is not the browser in which adding to Slack began, or it does not keep cookies.",
            "Go back to the browser where you began: the request there is still good. Or start again in this one.",
        ),
        "invalid_state": Ending(
            401,
            "This took too long, or was done already",
            "A request to add Signalbox to Slack is good for ten minutes and for one return from Slack.",
            f"Look into the console first: your team may be connected already. If not: {_AGAIN}",
        ),
        "missing_code": Ending(401, "Slack's answer was incomplete", "Slack sent no code along.", _AGAIN),
        "invalid_code": Ending(
            401, "Slack did not accept its code", "The code that Slack sent is used up or too old.", _AGAIN
        ),
        "slack_app_rejected": Ending(
            424,
            "Slack does not accept this app",
            "Slack refused the app's client id, client secret, redirect URL or scopes. Nothing was changed.",
            "Compare the Slack app's Basic Information and OAuth settings with the ones given to Signalbox.",
        ),
        "app_mismatch": Ending(
            409,
            "Slack answered for another app",
            "The client id belongs to another Slack app than the app id known here. Nothing was changed.",
            "Correct the client id or the app id in Signalbox, so that both are of the same Slack app.",
        ),
        "slack_team_connected_elsewhere": Ending(
            409,
            "This Slack team is connected already",
            "It belongs to another Signalbox workspace, which goes on as before.",
            "Ask for membership in that workspace, or have the team disconnected there first.",
        ),
        "slack_unavailable": Ending(
            503, "Slack does not answer", "Slack is not reachable or overloaded. Nothing was changed.", _AGAIN
        ),
        "storage_error": Ending(
            503,
            "Signalbox could not store this",
            "The database did not answer, so the connection may be incomplete.",
            f"Wait a minute. {_AGAIN}",
        ),
    }
)
"""Every reason that has a page, with its status."""
