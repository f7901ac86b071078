"""Whether pasted credentials are those of a Slack app, asked of Slack without changing anything there.

A made-up code tells: Slack looks at client id and secret first. The app-level token opens the address of a socket that
nobody then connects to. A signing secret proves itself with the first request that Slack signs with it.
https://docs.slack.dev/reference/methods/oauth.v2.access and https://docs.slack.dev/reference/methods/apps.connections.open
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException

from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import WebClient

from core.errors import FieldError, InvalidFields, StepFailed
from oauth.exchange import CODE_ERRORS, SLACKS_OWN_ERRORS, slack_client

NO_CODE = "signalbox-asks-whether-these-credentials-are-right"
CLIENT_ID = re.compile(r"[0-9]{1,39}\.[0-9]{1,39}")
APP_TOKEN = re.compile(r"xapp-[0-9]+-(A[A-Z0-9]{1,38})-[A-Za-z0-9-]+")
SECRET = re.compile(r"[!-~]{1,500}")
OTHER_TOKENS = ("xoxb-", "xoxp-", "xoxe", "xapp-")
_SLUG = re.compile(r"[a-z0-9_]{1,60}")
_NO_ANSWER = (OSError, HTTPException, ValueError, AttributeError, TypeError, SlackClientError)

_WRONG: Mapping[str, FieldError] = {
    "invalid_client_id": FieldError("client_id", "Slack knows no app of this client id."),
    "bad_client_secret": FieldError("client_secret", "Slack says that this is not the app's client secret."),
}
_CREDENTIALS_ARE_RIGHT = CODE_ERRORS | {"bad_redirect_uri", "no_code", "missing_code"}
_TOKEN_IS_RIGHT = frozenset({"missing_scope"})
"""A token made for `authorizations:read` alone is the app's all the same; it only opens no sockets."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """What an admin pasted; None for what is not to be looked at."""

    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    app_token: str | None = field(default=None, repr=False)


def require_well_formed(pasted: Pasted) -> None:
    """Raises `InvalidFields` that names what cannot be what its field asks for, such as one secret in two fields."""
    if errors := [*_misshapen(pasted)]:
        raise InvalidFields(errors)


def require_right(api_url: str, pasted: Pasted) -> str | None:
    """Asks Slack about what was pasted; the app's id, when a token names it. Raises `InvalidFields`, or `StepFailed`
    (``slack_unavailable``) when Slack did not answer. Goes over the network.
    """
    client = slack_client(api_url)
    if pasted.client_id and pasted.client_secret:
        problem = _problem(client, "oauth.v2.access", pasted)
        if problem not in _CREDENTIALS_ARE_RIGHT and problem is not None:
            raise InvalidFields([_WRONG.get(problem, FieldError("client_id", f"Slack refuses this app: {problem}."))])
    if not pasted.app_token:
        return None
    problem = _problem(client, "apps.connections.open", pasted)
    if problem is not None and problem not in _TOKEN_IS_RIGHT:
        raise InvalidFields([FieldError("app_token", f"Slack does not accept this token: {problem}.")])
    return app_id_in(pasted.app_token)


def app_id_in(app_token: str) -> str | None:
    """The app that an app-level token names in its own text."""
    found = APP_TOKEN.fullmatch(app_token)
    return found[1] if found else None


def _misshapen(pasted: Pasted) -> list[FieldError]:
    errors = []
    if pasted.client_id is not None and not CLIENT_ID.fullmatch(pasted.client_id):
        errors.append(FieldError("client_id", "A client id is two numbers with a dot, such as 1234567890.9876543210."))
    for name in ("client_secret", "signing_secret"):
        value = getattr(pasted, name)
        if value is not None and (problem := _no_secret(value)):
            errors.append(FieldError(name, problem))
    if pasted.signing_secret is not None and pasted.signing_secret == pasted.client_secret:
        errors.append(FieldError("signing_secret", "This is the client secret; the signing secret is another line."))
    if pasted.app_token is not None and app_id_in(pasted.app_token) is None:
        errors.append(FieldError("app_token", "An app-level token begins with xapp- and names the app."))
    return errors


def _no_secret(value: str) -> str | None:
    if not SECRET.fullmatch(value):
        return "A secret has no blanks and only plain characters: copy it whole."
    if value.startswith(OTHER_TOKENS):
        return "This is a token; the secret is on the app's Basic Information page."
    return "This is a client id; the secret is another line." if CLIENT_ID.fullmatch(value) else None


def _problem(client: WebClient, method: str, pasted: Pasted) -> str | None:
    """Slack's name for what is wrong; None when nothing is."""
    try:
        if method == "oauth.v2.access":
            client.oauth_v2_access(
                code=NO_CODE, client_id=pasted.client_id or "", client_secret=pasted.client_secret or ""
            )
        else:
            client.apps_connections_open(app_token=pasted.app_token or "")
    except SlackApiError as error:
        status, slug = error.response.status_code, str(error.response.get("error"))
        if status == 429 or status >= 500 or slug in SLACKS_OWN_ERRORS or not _SLUG.fullmatch(slug):
            raise StepFailed("slack_unavailable", permanent=False, message="Slack did not answer; try again.") from None
        return slug
    except _NO_ANSWER:
        raise StepFailed("slack_unavailable", permanent=False, message="Slack did not answer; try again.") from None
    return None
