"""The stand-in's Pylon behind its real API."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from flask import Flask

from sandbox import pylon_objects
from sandbox.pylon import PylonStandIn
from sandbox.pylon_api import pylon_blueprint
from sandbox.server import SandboxServer
from tests.conftest import NOW


@contextmanager
def standing_in() -> Iterator[tuple[PylonStandIn, SandboxServer]]:
    pylon = PylonStandIn("Acme", clock=lambda: NOW)
    app = Flask(__name__)
    app.register_blueprint(pylon_blueprint(pylon))
    with SandboxServer(app) as server:
        yield pylon, server


def changed_issue(pylon: PylonStandIn, at: datetime) -> str:
    """The id of an issue that changed then for the last time."""
    account = pylon_objects.account("Globex", "globex.example", created_at=at)
    contact = pylon_objects.contact("Ada", "ada@globex.example", account)
    issue = pylon_objects.issue(
        pylon.next_number(), "Export", "It stops.", of_account=account, requester=contact, source="email", created_at=at
    )
    return str(pylon.add_issue(issue)["id"])
