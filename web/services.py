"""What the views work with, made once by the composition root and handed to the Flask app."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast

from flask import Flask, current_app

from core.adapter import AccessSource, Adapter, Inspector, Interactions, LookupClient
from core.channels import ChannelBook
from core.clock import Clock
from core.digests import Digester
from core.features import FeatureTable
from core.history import Historian
from core.panel import Panel
from core.retelling import Reteller
from core.settings import Settings
from db import Database
from oauth.installer import Installer
from pipeline.receive import Inbox

_EXTENSION = "signalbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """One server's parts. ``wake`` says, after the commit, which step has work now."""

    settings: Settings
    database: Database
    digester: Digester
    clock: Clock
    adapters: Mapping[str, Adapter]
    lookups: Mapping[str, LookupClient]
    historians: Mapping[str, Historian] = field(default_factory=dict)
    books: Mapping[str, ChannelBook] = field(default_factory=dict)
    access: AccessSource | None = None
    inbox: Inbox
    wake: Callable[[str], None]
    installer: Installer
    interactions: Interactions
    inspectors: Mapping[str, Inspector] = field(default_factory=dict)
    panels: Mapping[str, Panel] = field(default_factory=dict)
    retellers: Mapping[str, Reteller] = field(default_factory=dict)
    slack_features: FeatureTable = field(default_factory=lambda: FeatureTable(()))
    """What the Slack app can do; whoever installed it before may have granted less."""


def attach(app: Flask, services: Services) -> None:
    """Gives the app its services."""
    app.extensions[_EXTENSION] = services


def services() -> Services:
    """The services of the app that handles the present request."""
    return cast("Services", current_app.extensions[_EXTENSION])
