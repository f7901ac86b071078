"""What a process imports: one that shows no pages does without what makes them."""

import subprocess
import sys

OF_PAGES = {"apiflask", "marshmallow", "web.application", "web.api.registering", "web.console.registering"}


def test_a_command_and_a_worker_start_without_pages() -> None:
    asked = "import sys, app; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert "pipeline.process" in loaded
    assert not OF_PAGES & set(loaded)
