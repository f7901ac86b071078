"""``signalbox demo``: the product beside stand-ins for Slack and Pylon, with sample conversations over real HTTP."""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
from rich.console import Console

from core.errors import SignalboxError
from core.settings import PREFIX, Settings
from web.server import require_free

READY_SECONDS = 30
STOP_SECONDS = 8

console = Console(highlight=False)


def play_demo(settings: Settings) -> None:
    """Until Ctrl-C; then nothing is left running. Raises `SignalboxError` when a part does not come up."""
    port = _free_port()
    require_free(settings.bind)
    credentials = _slack_app()
    environ = {**os.environ, **_pointed_at_sandbox(settings, port, credentials)}
    with contextlib.ExitStack() as children, _quiet_interrupt():
        console.print("[dim]\\[1/4][/dim] starting Signalbox (database, web, worker)")
        server = children.enter_context(_child([sys.executable, "-m", "app", "run"], environ))
        base_url = f"http://{settings.bind}"
        _wait_until_ready(base_url, server)
        console.print("[dim]\\[2/4][/dim] making a workspace with its owner")
        made = _bootstrap(environ)
        console.print("[dim]\\[3/4][/dim] starting the stand-ins for Slack and Pylon")
        sandbox = [sys.executable, "-m", "sandbox", "--port", str(port), "--signalbox", base_url]
        playing = children.enter_context(
            _child([*sandbox, "--workspace", made["workspace_id"]], _for_sandbox(environ, credentials, made))
        )
        console.print("[dim]\\[4/4][/dim] two customers are writing; open this once to sign in:\n")
        console.print(f"    [bold]{made['sign_in_url']}[/bold]\n", soft_wrap=True)
        console.print("[dim]Ctrl-C ends everything.[/dim]")
        _wait_for_end(server, playing)


def _slack_app() -> dict[str, str]:
    """Credentials of an app that exists only in this demo."""
    return {
        "CLIENT_ID": f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**12)}",
        "CLIENT_SECRET": secrets.token_hex(16),
        "SIGNING_SECRET": secrets.token_hex(16),
        "APP_ID": "A0" + secrets.token_hex(4).upper(),
        "APP_TOKEN": f"xapp-1-{secrets.token_hex(16)}",
    }


def _pointed_at_sandbox(settings: Settings, port: int, credentials: dict[str, str]) -> dict[str, str]:
    """The settings' changes: a database of its own unless one was chosen, and Slack and Pylon on this machine."""
    stand_ins = f"http://127.0.0.1:{port}"
    is_default = settings.database_url == Settings().database_url
    changes = {
        "DATABASE_URL": "sqlite:///instance/demo.db" if is_default else settings.database_url,
        "PUBLIC_URL": f"http://{settings.bind}",
        "SLACK_API_URL": f"{stand_ins}/slack/api/",
        "SLACK_AUTHORIZE_URL": f"{stand_ins}/slack/oauth/v2/authorize",
        "SLACK_OPENID_URL": f"{stand_ins}/slack",
        "PYLON_API_URL": f"{stand_ins}/pylon",
        "LOG_LEVEL": "WARNING",
    }
    return {
        PREFIX + name: value for name, value in (changes | {f"SLACK_{k}": v for k, v in credentials.items()}).items()
    }


def _for_sandbox(environ: dict[str, str], credentials: dict[str, str], made: dict[str, str]) -> dict[str, str]:
    known = {f"SANDBOX_SLACK_{name}": value for name, value in credentials.items()}
    return {**environ, **known, "SANDBOX_API_TOKEN": made["api_token"]}


def _bootstrap(environ: dict[str, str]) -> dict[str, str]:
    command = [sys.executable, "-m", "app", "bootstrap", "--workspace", "Demo", "--email", "you@example.com", "--json"]
    done = subprocess.run(command, env=environ, capture_output=True, check=False)  # noqa: S603  # our own command
    if done.returncode:
        raise SignalboxError("demo_failed", f"bootstrap failed: {done.stderr.decode().strip()}")
    made: dict[str, str] = json.loads(done.stdout)
    return made


@contextlib.contextmanager
def _child(command: list[str], environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A child in its own session, so that Ctrl-C reaches only us and we end it in order."""
    child = subprocess.Popen(command, env=environ, start_new_session=True)  # noqa: S603  # our own command
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


@contextlib.contextmanager
def _quiet_interrupt() -> Iterator[None]:
    """Ctrl-C and SIGTERM are how a demo ends, not errors."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        yield


def _wait_until_ready(base_url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SignalboxError("demo_failed", "Signalbox ended while starting; its message is above.")
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{base_url}/readyz", timeout=2).is_success:
                return
        time.sleep(0.1)
    raise SignalboxError("demo_failed", f"Signalbox did not become ready within {READY_SECONDS} seconds.")


def _wait_for_end(*children: subprocess.Popen[bytes]) -> None:
    while all(child.poll() is None for child in children):
        time.sleep(0.2)
    raise SignalboxError("demo_failed", "A part of the demo ended by itself; its message is above.")


def _free_port() -> int:
    """Any: nobody needs to know where the stand-ins listen, and two demos never want the same one."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
