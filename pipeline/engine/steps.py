"""What an engine runs: a step does one batch of due work and says when the next falls due."""

from typing import Protocol

from pipeline.process import Progress


class Step(Protocol):
    """One kind of due work. Running it too often, twice at once or not at all for a while loses and doubles nothing."""

    @property
    def name(self) -> str:
        """The kind, as it stands in logs and queues."""

    def run(self) -> Progress:
        """One batch."""
