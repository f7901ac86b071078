"""The stream on a real server: it tells at once, takes no more than its share, and gives its places back."""

import contextlib
import json
import os
from collections.abc import Iterator

import httpx

from tests.journeys.site import Site, Tenant, eventually
from web.server import THREADS

MOST = THREADS // 4
"""Per process; on PostgreSQL there is one process per core."""


def test_streams_tell_and_never_keep_others_waiting(site: Site, tenant: Tenant) -> None:
    processes = (os.cpu_count() or 1) if "postgresql" in site.environ["SIGNALBOX_DATABASE_URL"] else 1
    with contextlib.ExitStack() as open_streams:
        streams = [stream for _ in range(12 * processes) if (stream := opened(tenant, open_streams))]
        assert 1 <= len(streams) <= MOST * processes
        if processes == 1:
            assert len(streams) == MOST
        for _ in range(3 * THREADS):
            assert httpx.get(f"{site.base_url}/livez", timeout=2).status_code == 200
        key = tenant.post("webhook-keys", {"name": "Zapier"})
        body = {"verbatim": "The export times out."}
        sent = httpx.post(f"{site.base_url}/webhooks/signals", json=body, headers={"X-API-Key": key["api_key"]})
        assert sent.status_code == 202
        for stream in streams:
            assert next(told(stream))["verbatim"] == "The export times out."
    with contextlib.ExitStack() as again:
        assert eventually(lambda: opened(tenant, again), patience=5)


def opened(tenant: Tenant, stack: contextlib.ExitStack) -> Iterator[str] | None:
    """The lines of a stream, unless all places are taken."""
    client = stack.enter_context(tenant.api)
    answer = stack.enter_context(client.stream("GET", "signals/stream"))
    if answer.status_code == 503:
        assert int(answer.headers["Retry-After"]) > 0
        return None
    assert answer.status_code == 200
    lines = answer.iter_lines()
    assert next(lines).startswith("retry:")
    return lines


def told(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    for line in lines:
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))
