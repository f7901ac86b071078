"""``python -m sandbox`` as a process, against a product that answers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from socket import socket

import pytest

from sandbox.server import SandboxServer
from sandbox.slack import SlackApp
from tests.sandbox.product import TOKEN, Product

APP = SlackApp(client_id="11.22", client_secret="client-secret", signing_secret="signing", api_app_id="A0APP")
ENVIRONMENT = {
    "SANDBOX_API_TOKEN": TOKEN,
    "SANDBOX_SLACK_CLIENT_ID": APP.client_id,
    "SANDBOX_SLACK_CLIENT_SECRET": APP.client_secret,
    "SANDBOX_SLACK_SIGNING_SECRET": APP.signing_secret,
    "SANDBOX_SLACK_APP_ID": APP.api_app_id,
}


@pytest.fixture
def product() -> Iterator[Product]:
    port = free_port()
    product = Product(APP, sandbox_url=f"http://127.0.0.1:{port}")
    with SandboxServer(product.flask()) as running:
        product.url = running.url
        yield product


def free_port() -> int:
    with closing(socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(product: Product) -> list[str]:
    port = product.sandbox_url.rsplit(":", 1)[1]
    return [sys.executable, "-m", "sandbox", "--port", port, "--signalbox", product.url, "--workspace", "ws_1"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_within_a_second(product: Product, number: signal.Signals) -> None:
    with subprocess.Popen(command(product), env=os.environ | ENVIRONMENT, stderr=subprocess.PIPE, text=True) as process:
        assert product.has_heard.wait(20)
        process.send_signal(number)
        started = time.monotonic()
        _, told = process.communicate(timeout=10)

    assert process.returncode == 0
    assert time.monotonic() - started < 2
    assert [line for line in told.splitlines() if not line.startswith("sandbox: ")] == []
    assert told.startswith("sandbox: Adding the app to Slack for workspace ws_1\n")


def test_it_ends_with_its_parent(product: Product) -> None:
    parent = "import subprocess, sys, time; subprocess.Popen(sys.argv[1:]); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", parent, *command(product)],
        env=os.environ | ENVIRONMENT,
        stderr=subprocess.PIPE,
    ) as process:
        assert product.has_heard.wait(20)
        process.kill()
        assert process.stderr is not None
        started = time.monotonic()
        process.stderr.read()  # ends when the last holder of the pipe, the sandbox, is gone

    assert time.monotonic() - started < 3


def test_a_refused_step_is_one_line_and_exit_code_1(product: Product) -> None:
    product.refuse["/api/v1/integrations"] = 503

    done = subprocess.run(
        command(product), env=os.environ | ENVIRONMENT, capture_output=True, text=True, timeout=20, check=False
    )

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "sandbox: checking the Slack integration: answered 503"


def test_what_is_missing_is_named(product: Product) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT}

    done = subprocess.run(command(product), env=environment, capture_output=True, text=True, timeout=20, check=False)

    assert done.returncode == 2
    assert done.stderr == f"sandbox: missing in the environment: {', '.join(ENVIRONMENT)}\n"


def test_a_taken_port_is_named(product: Product) -> None:
    with closing(socket()) as taken:
        taken.bind(("127.0.0.1", int(product.sandbox_url.rsplit(":", 1)[1])))
        taken.listen()
        done = subprocess.run(
            command(product), env=os.environ | ENVIRONMENT, capture_output=True, text=True, timeout=20, check=False
        )

    assert done.returncode == 1
    assert "is not free" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
