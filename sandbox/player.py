"""Plays the story against a running Signalbox, as people and platforms would: over HTTP only."""

import threading
from collections.abc import Callable, Iterator
from typing import TypeAlias

import httpx

from sandbox.beats import Beat
from sandbox.cast import HOME, Cast
from sandbox.errors import NotInstalled, SandboxError
from sandbox.pylon import PylonStandIn
from sandbox.signalbox import Signalbox
from sandbox.slack import SlackStandIn
from sandbox.stage import Stage
from sandbox.story import FIRST_WAVE, LATER, more

MOST_MISSED = 5
QUICK_SECONDS, SLOW_SECONDS, GENTLE_SECONDS = 0.3, 2.5, 9.0

Pause: TypeAlias = Callable[[float], object]
Report: TypeAlias = Callable[[str], object]


class Player:
    """First `connect`, then `play`. Steps are told to ``report`` without the words that are said."""

    def __init__(
        self,
        slack: SlackStandIn,
        pylon: PylonStandIn,
        cast: Cast,
        signalbox: Signalbox,
        *,
        workspace_id: str,
        pause: Pause,
        report: Report,
    ) -> None:
        self._slack, self._pylon, self._cast, self._signalbox = slack, pylon, cast, signalbox
        self._stage = Stage(slack, pylon, cast)
        self._workspace_id, self._pause, self._report = workspace_id, pause, report
        self._missed = 0

    def connect(self) -> None:
        """Adds the app to Slack and connects Pylon, as the workspace's admin. Raises `SandboxError`."""
        self._report(f"Adding the app to Slack for workspace {self._workspace_id}")
        self._slack.send_events_to(self._signalbox.slack_events_url)
        self._signalbox.add_to_slack(self._cast.home.id)
        self._report(f"Connecting {HOME.name}'s Pylon")
        name, pylon = f"{HOME.name} support", self._pylon
        pylon.webhook = self._signalbox.connect_pylon(name, pylon.token, pylon.signing_secret)

    def play(self, stop: threading.Event) -> None:
        """The story, then gentle talk until stopped. Raises `SandboxError` at the first beat that is refused."""
        for beat, seconds in _paced():
            if stop.is_set():
                return
            self._report(self._stage.describe(beat))
            self._perform(beat)
            self._pause(seconds)

    def _perform(self, beat: Beat) -> None:
        """A busy machine may miss a beat, and while the app is uninstalled nobody hears one: the story goes on. What is
        refused ends it, and so does silence.
        """
        step = f"sending {type(beat).__name__}"
        try:
            answer = self._stage.perform(beat)
        except NotInstalled:
            self._report("nobody hears it: the app is not installed in this Slack at the moment")
            return
        except httpx.TimeoutException as error:
            self._missed += 1
            if self._missed > MOST_MISSED:
                raise SandboxError(f"{step}: no answer ({type(error).__name__})") from None
            return
        except httpx.HTTPError as error:
            raise SandboxError(f"{step}: no answer ({type(error).__name__})") from None
        self._missed = 0
        if not answer.is_success:
            raise SandboxError(f"{step}: answered {answer.status_code}")


def _paced() -> Iterator[tuple[Beat, float]]:
    yield from ((beat, QUICK_SECONDS) for beat in FIRST_WAVE)
    yield from ((beat, SLOW_SECONDS) for beat in LATER)
    yield from ((beat, GENTLE_SECONDS) for beat in more())
