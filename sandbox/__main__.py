"""``python -m sandbox``: serves the stand-ins and plays the story against a running Signalbox until stopped."""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress

from sandbox.app import create_sandbox
from sandbox.cast import HOME, assemble
from sandbox.errors import SandboxError
from sandbox.player import Player
from sandbox.pylon import PylonStandIn
from sandbox.server import SandboxServer
from sandbox.signalbox import Signalbox
from sandbox.slack import SlackApp, SlackStandIn

REQUIRED = (
    "SANDBOX_API_TOKEN",
    "SANDBOX_SLACK_CLIENT_ID",
    "SANDBOX_SLACK_CLIENT_SECRET",
    "SANDBOX_SLACK_SIGNING_SECRET",
    "SANDBOX_SLACK_APP_ID",
)
PARENT_POLL_SECONDS = 0.25
LAST_WORDS_SECONDS = 0.5


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Exit codes: 0 stopped, 1 a step failed (with one line on stderr), 2 usage."""
    asked = _parser().parse_args(arguments)
    if missing := [name for name in REQUIRED if not environ.get(name)]:
        _tell(f"missing in the environment: {', '.join(missing)}")
        return 2
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _serve_and_play(asked, environ)
    except KeyboardInterrupt:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description=__doc__, epilog=f"Reads {', '.join(REQUIRED)} from the environment."
    )
    parser.add_argument("--port", type=int, default=3001, help="where the stand-ins listen on 127.0.0.1")
    parser.add_argument("--signalbox", default="http://127.0.0.1:3000", help="the base address of Signalbox")
    parser.add_argument("--workspace", required=True, help="the workspace (ws_…) that SANDBOX_API_TOKEN administers")
    return parser


def _serve_and_play(asked: argparse.Namespace, environ: Mapping[str, str]) -> int:
    stop = threading.Event()
    threading.Thread(target=_stop_with_parent, args=(os.getppid(), stop), daemon=True).start()
    cast = assemble()
    slack = SlackStandIn(_slack_app(environ), cast.world, auto_approve=True)
    pylon = PylonStandIn(HOME.name)
    signalbox = Signalbox(asked.signalbox, environ["SANDBOX_API_TOKEN"])
    player = Player(slack, pylon, cast, signalbox, workspace_id=asked.workspace, pause=stop.wait, report=_tell)
    failures: list[str] = []

    def perform() -> None:
        try:
            player.connect()
            slack.auto_approve = False  # from here on a person at the console is asked, as in life
            player.play(stop)
        except SandboxError as error:
            failures.append(str(error))
        finally:
            stop.set()

    try:
        server = SandboxServer(create_sandbox(slack, pylon), port=asked.port)
    except (OSError, SystemExit):
        _tell(f"port {asked.port} on 127.0.0.1 is not free")
        return 1
    with server:
        playing = threading.Thread(target=perform, daemon=True)
        playing.start()
        _wait(stop)
        playing.join(LAST_WORDS_SECONDS)
    for failure in failures:
        _tell(failure)
    return 1 if failures else 0


def _wait(stop: threading.Event) -> None:
    """Until somebody stops us; a second signal during the clean-up changes nothing any more."""
    with suppress(KeyboardInterrupt):
        stop.wait()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    stop.set()


def _slack_app(environ: Mapping[str, str]) -> SlackApp:
    return SlackApp(
        client_id=environ["SANDBOX_SLACK_CLIENT_ID"],
        client_secret=environ["SANDBOX_SLACK_CLIENT_SECRET"],
        signing_secret=environ["SANDBOX_SLACK_SIGNING_SECRET"],
        api_app_id=environ["SANDBOX_SLACK_APP_ID"],
        app_token=environ.get("SANDBOX_SLACK_APP_TOKEN", ""),
    )


def _stop_with_parent(parent: int, stop: threading.Event) -> None:
    while not stop.wait(PARENT_POLL_SECONDS):
        if os.getppid() != parent:
            stop.set()


def _tell(text: str) -> None:
    sys.stderr.write(f"sandbox: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
