"""What a surface does after its answer: Slack waits three seconds for that, and Slack's own API may take longer."""

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TypeAlias

from core.errors import StepFailed
from core.logs import get_logger

Work: TypeAlias = Callable[[], None]

log = get_logger()


class Afterwards:
    """One thread that does what it is given, in order, so that no page shows an older state than the one before.

    What is still to be done is lost with the process: only what may be goes here, such as showing what is stored.
    """

    def __init__(self) -> None:
        self._work: SimpleQueue[Work] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self, work: Work) -> None:
        """Returns at once."""
        self._work.put(work)
        with self._starting:
            if self._thread is None:  # not before: a server may fork after it made its parts
                self._thread = threading.Thread(target=self._run, name="slack-afterwards", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            _do(self._work.get())


def _do(work: Work) -> None:
    try:
        work()
    except StepFailed as failure:
        log.warning("slack_surface_failed", kind="afterwards", reason=failure.reason)
    except Exception as error:  # nobody else would hear of it, and the next work must not suffer
        log.error("slack_surface_failed", kind="afterwards", exc_info=error)  # noqa: TRY400
