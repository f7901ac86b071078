"""Stories of machines that die: what was acknowledged is there, once, whatever was killed and whenever."""

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import httpx
import psutil

from tests.journeys.site import Site, Tenant, eventually, free_port


def test_killing_the_worker_again_and_again_loses_and_doubles_nothing(own_site: Site) -> None:
    """Web and worker as processes of their own; the worker dies in mid-batch, several times."""
    own_site.start("web", name="web")
    own_site.wait_until_ready()
    tenant = own_site.tenant()
    key = tenant.post("webhook-keys", {"name": "load"})["api_key"]
    accepted = _Accepted()
    with _sending(own_site, key, accepted):
        for _ in range(4):
            processed = _count(tenant)
            own_site.start("worker", name="doomed")
            eventually(partial(_has_grown_past, tenant, processed))
            own_site.kill("doomed")
    own_site.start("worker", name="worker")
    _require_each_once(tenant, accepted)


def test_killing_everything_while_events_pour_in(own_site: Site) -> None:
    """The whole server is killed in the middle of intake; senders try again, as platforms do."""
    own_site.start("run")
    own_site.wait_until_ready()
    tenant = own_site.tenant()
    key = tenant.post("webhook-keys", {"name": "load"})["api_key"]
    accepted = _Accepted()
    with _sending(own_site, key, accepted):
        for _ in range(2):
            eventually(partial(accepted.has_passed, accepted.count + 60))
            own_site.kill("run")
            own_site.start("run")
            own_site.wait_until_ready()
    _require_each_once(tenant, accepted)


def test_children_do_not_outlive_a_killed_parent(own_site: Site) -> None:
    """kill -9 of the main process alone: its web and worker processes end by themselves and free the port."""
    parent = own_site.start("run")
    own_site.wait_until_ready()
    children = psutil.Process(parent.pid).children(recursive=True)
    assert children
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    eventually(lambda: not any(_is_alive(child) for child in children))


def test_a_dead_web_process_is_started_again(own_site: Site) -> None:
    parent = own_site.start("run")
    own_site.wait_until_ready()
    before = {child.pid for child in _pythons(parent)}
    for child in _pythons(parent):
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()
    eventually(lambda: {child.pid for child in _pythons(parent)} - before)
    own_site.wait_until_ready()


def test_the_demo_shows_signals_and_leaves_nothing_running(own_site: Site) -> None:
    """What `make demo` does: one sign-in link, signals within seconds, and Ctrl-C ends every process."""
    own_site.environ["SIGNALBOX_BIND"] = f"127.0.0.1:{free_port()}"
    demo = own_site.start("demo", name="demo")
    link = eventually(lambda: _link(own_site), patience=60)
    children = psutil.Process(demo.pid).children(recursive=True)
    with httpx.Client(follow_redirects=True, timeout=20) as browser:
        assert browser.get(link).status_code == 200
        eventually(lambda: _shows(browser, link, "Marta Olsen", "Pylon"), patience=40)
    demo.send_signal(signal.SIGINT)
    assert demo.wait(20) == 0
    assert not any(_is_alive(child) for child in children)


MOST_EVENTS = 20_000
SENDER_PAUSE_SECONDS = 0.04
"""Each sender's pace: enough to be in mid-batch whenever something dies, not so much that reading it all takes long."""


class _Accepted:
    """The refs that were acknowledged."""

    def __init__(self) -> None:
        self._refs: set[str] = set()
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        return len(self._refs)

    def has_passed(self, count: int) -> bool:
        return self.count >= count

    @property
    def refs(self) -> set[str]:
        with self._lock:
            return set(self._refs)

    def add(self, ref: str) -> None:
        with self._lock:
            self._refs.add(ref)


@contextlib.contextmanager
def _sending(site: Site, key: str, accepted: _Accepted) -> Iterator[None]:
    """Four senders post events for as long as the block runs, and repeat each until it is acknowledged."""
    ending = threading.Event()

    def send(part: int) -> None:
        with httpx.Client(timeout=5, headers={"X-API-Key": key}) as client:
            for number in range(part, MOST_EVENTS, 4):
                _send_until_accepted(client, site, f"ref-{number}", accepted)
                if ending.wait(SENDER_PAUSE_SECONDS):
                    return

    with ThreadPoolExecutor(4) as senders:
        done = [senders.submit(send, part) for part in range(4)]
        try:
            yield
        finally:
            ending.set()
        for future in done:
            future.result(120)


def _send_until_accepted(client: httpx.Client, site: Site, ref: str, accepted: _Accepted) -> None:
    body = json.dumps({"verbatim": f"words of {ref}", "source_ref": ref})
    for _ in range(400):
        with contextlib.suppress(httpx.TransportError):
            answer = client.post(f"{site.base_url}/webhooks/signals", content=body)
            if answer.status_code == 202:
                accepted.add(ref)
                return
            assert answer.status_code == 503, answer.text
        time.sleep(0.05)
    raise AssertionError("never acknowledged")


def _require_each_once(tenant: Tenant, accepted: _Accepted) -> None:
    refs = accepted.refs
    eventually(lambda: _count(tenant) >= len(refs), patience=90)
    stored = _all_refs(tenant)
    assert len(stored) == len(set(stored)), "doubled"
    assert set(stored) == refs, "lost"


def _all_refs(tenant: Tenant) -> list[str]:
    refs: list[str] = []
    cursor = None
    with contextlib.suppress(httpx.TransportError):
        while True:
            page = tenant.get("signals", limit=200, **({"cursor": cursor} if cursor else {}))
            refs += [signal["source_ref"] for signal in page["items"]]
            if not (cursor := page["next_cursor"]):
                return refs
    return refs


def _has_grown_past(tenant: Tenant, count: int) -> bool:
    return _count(tenant) > count


def _count(tenant: Tenant) -> int:
    """How many signals there are; none while nobody answers."""
    with contextlib.suppress(httpx.TransportError):
        return sum(day["signals"] for day in tenant.get("stats")["days"])
    return 0


def _pythons(parent: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The processes that work (not the resource tracker of multiprocessing)."""
    children = (child for child in psutil.Process(parent.pid).children(recursive=True) if _is_alive(child))
    return [child for child in children if "resource_tracker" not in " ".join(child.cmdline())]


def _is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def _link(site: Site) -> str:
    words = (site.folder / "demo.log").read_text().split()
    return next((word for word in words if "/sign-in/link/" in word), "")


def _shows(browser: httpx.Client, link: str, *texts: str) -> bool:
    page = browser.get(link.split("/sign-in/", maxsplit=1)[0] + "/").text
    return all(text in page for text in texts)
