"""What the commands need of the composition root."""

from collections.abc import Sequence
from typing import Protocol

from core.clock import Clock
from core.digests import Digester
from core.settings import Settings
from db import Database
from pipeline.engine.steps import Step
from web.sockets import SocketListener


class Parts(Protocol):
    """One process's parts, made when first asked for."""

    @property
    def settings(self) -> Settings:
        """What the operator decided."""

    @property
    def clock(self) -> Clock:
        """The time."""

    @property
    def database(self) -> Database:
        """The rows."""

    @property
    def digester(self) -> Digester:
        """The digests of tokens we issue."""

    @property
    def steps(self) -> Sequence[Step]:
        """What a worker runs."""

    def listener(self) -> SocketListener:
        """What listens on sockets beside a worker."""

    def prepare(self) -> None:
        """What a process does once before it works."""
