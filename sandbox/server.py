"""Serves an application on loopback in a thread, quietly, for as long as a ``with`` block runs."""

import threading
from types import TracebackType

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

HOST = "127.0.0.1"
STOP_POLL_SECONDS = 0.05


class SandboxServer:
    """``with SandboxServer(app) as server: server.url``; port 0 takes any free port."""

    def __init__(self, app: Flask, *, port: int = 0) -> None:
        self._server = make_server(HOST, port, app, threaded=True, request_handler=_QuietHandler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(STOP_POLL_SECONDS,), daemon=True)

    @property
    def url(self) -> str:
        """The base address, without a slash at its end."""
        return f"http://{HOST}:{self._server.server_port}"

    @property
    def slack_api_url(self) -> str:
        """What ``SIGNALBOX_SLACK_API_URL`` must be."""
        return f"{self.url}/slack/api/"

    @property
    def slack_authorize_url(self) -> str:
        """What ``SIGNALBOX_SLACK_AUTHORIZE_URL`` must be."""
        return f"{self.url}/slack/oauth/v2/authorize"

    @property
    def pylon_api_url(self) -> str:
        """What ``SIGNALBOX_PYLON_API_URL`` must be."""
        return f"{self.url}/pylon"

    def __enter__(self) -> "SandboxServer":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _QuietHandler(WSGIRequestHandler):
    """Logs nothing: requests carry tokens and words."""

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002  # werkzeug's name
        """Nothing."""
