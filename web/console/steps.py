"""The way from an empty workspace to its first signal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from web.console.connections import Connection


@dataclass(frozen=True, slots=True)
class Step:
    """One step; ``is_next`` for the first that is not done."""

    name: str
    title: str
    is_done: bool
    is_next: bool = False


def first_steps(connections: Sequence[Connection]) -> list[Step]:
    """Create a workspace, add to Slack, pick channels, hear the first signal."""
    is_connected = any(connection.lamp != "off" for connection in connections)
    steps = [
        Step("workspace", "Create a workspace", is_done=True),
        Step("connect", "Add Signalbox to Slack", is_done=is_connected),
        Step("channels", "Pick the channels to listen to", is_done=_listens_somewhere(connections)),
        Step("signal", "Hear the first signal", is_done=False),
    ]
    following = next(step for step in steps if not step.is_done)
    return [replace(step, is_next=step is following) for step in steps]


def _listens_somewhere(connections: Sequence[Connection]) -> bool:
    """Something arrived already, or channels were picked by hand."""
    return any(connection.picked_channels or connection.last_heard_at for connection in connections)
