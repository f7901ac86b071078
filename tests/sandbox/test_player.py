import threading
from collections.abc import Iterator
from itertools import islice

import pytest

from core.taming import Tame
from sandbox.beats import Say
from sandbox.cast import Cast
from sandbox.errors import SandboxError
from sandbox.player import Player
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from sandbox.signalbox import Signalbox
from sandbox.slack import SlackStandIn
from sandbox.story import FIRST_WAVE, LATER, more
from tests.sandbox.product import TOKEN, Product


class Show:
    """A player on its stage, before an audience that stops it after so many beats."""

    def __init__(self, slack: SlackStandIn, pylon: PylonStandIn, cast: Cast, product: Product) -> None:
        self.product, self.slack, self.pylon, self.cast = product, slack, pylon, cast
        self.told: list[str] = []
        self.pauses: list[float] = []
        self.stop, self.beats = threading.Event(), 0
        self.player = self.with_token(TOKEN)

    def with_token(self, token: str) -> Player:
        return Player(
            self.slack,
            self.pylon,
            self.cast,
            Signalbox(self.product.url, token),
            workspace_id="ws_1",
            pause=self._pause,
            report=self.told.append,
        )

    def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if len(self.pauses) == self.beats:
            self.stop.set()

    def run(self, beats: int) -> None:
        self.beats = beats
        self.player.connect()
        self.player.play(self.stop)


@pytest.fixture
def show(slack: SlackStandIn, pylon: PylonStandIn, cast: Cast, server: SandboxServer) -> Iterator[Show]:
    product = Product(slack.app, sandbox_url=server.url)
    with SandboxServer(product.flask()) as running:
        product.url = running.url
        yield Show(slack, pylon, cast, product)


def test_the_whole_story_arrives(show: Show) -> None:
    beats = len(FIRST_WAVE) + len(LATER) + 3
    show.run(beats)

    product = show.product
    assert product.team_id == show.cast.home.id
    assert product.pylon_token == show.pylon.token
    assert len(product.slack_events) + len(product.triggers) == beats == len(show.pauses)
    assert sum(show.pauses[: len(FIRST_WAVE)]) < 5
    subtypes = {Tame(event).object("event").text("subtype") for event in product.slack_events}
    assert subtypes == {None, "message_changed", "message_deleted", "file_share", "channel_join"}
    assert {trigger["event"] for trigger in product.triggers} == {
        "issue.created",
        "message.created",
        "issue.status_changed",
    }


def test_the_ticket_that_came_from_slack_names_its_message(show: Show) -> None:
    show.run(len(FIRST_WAVE) + len(LATER))

    told = {Tame(event).object("event").text("ts") for event in show.product.slack_events}
    roots = [Tame(issue).object("slack") for issue in show.pylon.issues() if "slack" in issue]
    assert [root.text("message_ts") in told for root in roots] == [True]
    assert roots[0].text("workspace_id") == show.cast.home.id


def test_progress_is_told_without_words_and_secrets(show: Show) -> None:
    show.run(len(FIRST_WAVE) + len(LATER))

    told = " ".join(show.told)
    assert "Marta Olsen writes in #kestrel-tidewater" in show.told
    said = [beat.text for beat in (*FIRST_WAVE, *LATER) if isinstance(beat, Say)]
    secrets = [show.pylon.token, TOKEN, show.slack.app.signing_secret, *said]
    assert [secret for secret in secrets if secret in told] == []


@pytest.mark.parametrize(
    ("path", "step"),
    [
        ("/api/v1/slack/install-links", "asking for an install link: answered 503"),
        ("/slack/oauth_redirect", "following Add to Slack: ended at /slack/oauth_redirect with 503"),
        ("/slack/events", "sending Say: answered 503"),
        ("/webhooks/pylon/key", "sending OpenIssue: answered 503"),
    ],
)
def test_a_refused_step_is_named(show: Show, path: str, step: str) -> None:
    show.product.refuse[path] = 503

    with pytest.raises(SandboxError) as caught:
        show.run(beats=len(FIRST_WAVE))
    assert str(caught.value) == step


def test_a_wrong_token_and_a_silent_signalbox_are_named(show: Show) -> None:
    with pytest.raises(SandboxError, match=r"^asking for an install link: answered 401$"):
        show.with_token("sbx_wrong").connect()
    with pytest.raises(SandboxError, match=r"^asking for an install link: no answer"):
        Signalbox("http://127.0.0.1:9", TOKEN).add_to_slack("T0")


def test_the_story_goes_on_while_the_app_is_uninstalled(show: Show) -> None:
    show.player.connect()
    show.slack.grants.uninstall(show.slack.grants.installation(show.cast.home))  # type: ignore[arg-type]
    show.beats = len(FIRST_WAVE)
    show.player.play(show.stop)

    assert len(show.pauses) == len(FIRST_WAVE)
    assert "nobody hears it: the app is not installed in this Slack at the moment" in show.told
    assert show.product.slack_events == []


def test_denied_consent_is_no_success(show: Show) -> None:
    show.slack.auto_approve = False

    with pytest.raises(SandboxError, match=r"^following Add to Slack: ended at /slack/oauth/v2/authorize with 200$"):
        show.player.connect()


def test_small_talk_varies_for_a_long_while() -> None:
    texts = [beat.text for beat in islice(more(), 15) if isinstance(beat, Say)]

    assert len(set(texts)) == 15
