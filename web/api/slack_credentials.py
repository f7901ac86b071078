"""What Slack's credentials look like, told by the OpenAPI document; `oauth.app_check` says what is wrong with one."""

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator, StringConstraints

from oauth.app_check import APP_TOKEN, CLIENT_ID, OTHER_TOKENS, SECRET
from web.actions.slack_apps import APP_ID
from web.api.fields import Told

_BLANKS = " \t\r\n"
"""What comes along when something is pasted, and is cut off."""


def _trimmed(value: object) -> object:
    return value.strip(_BLANKS) if isinstance(value, str) else value


def _padded(pattern: str) -> Told:
    return Told(rf"^[ \t\r\n]*{pattern}[ \t\r\n]*$")


_NO_TOKEN = f"(?!{'|'.join(OTHER_TOKENS)})"
_NO_CLIENT_ID = rf"(?!{CLIENT_ID.pattern}[ \t\r\n]*$)"
_SECRET = _NO_TOKEN + _NO_CLIENT_ID + SECRET.pattern

_Pasted: TypeAlias = Annotated[str, BeforeValidator(_trimmed), StringConstraints(max_length=500)]
ClientId: TypeAlias = Annotated[_Pasted, _padded(CLIENT_ID.pattern)]
SlackSecret: TypeAlias = Annotated[_Pasted, _padded(_SECRET)]
AppToken: TypeAlias = Annotated[_Pasted, _padded(APP_TOKEN.pattern)]
AppId: TypeAlias = Annotated[str, StringConstraints(max_length=500), Told(f"^{APP_ID.pattern}$")]
