"""The only door for events: verify on raw bytes, store, then acknowledge."""

from flask import Flask

from web.ingress import generic, keyed, panel, slack
from web.ingress.admission import MAX_BODY_BYTES

__all__ = ["MAX_BODY_BYTES", "panel", "register_ingress"]


def register_ingress(app: Flask) -> None:
    """Opens the doors. They take no cookies and answer 413 above 1 MiB."""
    for door in (slack.door, keyed.door, generic.door):
        app.register_blueprint(door)
