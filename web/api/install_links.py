"""``slack/install-links``: a link that starts Add to Slack for somebody who is not signed in here."""

from pydantic import BaseModel, ConfigDict, Field

from web.api.audit import audit
from web.api.blueprint import api
from web.api.fields import Body, Text
from web.auth import caller
from web.services import services


class NewInstallLink(Body):
    """Which Slack app to install; without an id, the server's shared one."""

    app_id: Text | None = Field(default=None, description="The id of one of the workspace's own Slack apps.")


class InstallLink(BaseModel):
    """Open it in a browser within an hour. It acts for the person who made the token."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"url": "https://signalbox.example.com/slack/install?ticket=vK3x…"}]}
    )

    url: str


@api.post("/slack/install-links")
@api.input(NewInstallLink, example={"app_id": None})
@api.output(InstallLink, status_code=201)
@api.doc(responses={404: "No such Slack app.", 409: "The server has no Slack app."})
def create_install_link(json_data: NewInstallLink) -> InstallLink:
    """Make a link that adds the Slack app to a Slack workspace."""
    with services().database.write() as session:
        url = services().installer.create_ticket(
            session, workspace_id=caller().workspace_id, user_id=caller().user_id, slack_app_id=json_data.app_id
        )
        audit(session, "slack.install_link_created", json_data.app_id)
    return InstallLink(url=url)
