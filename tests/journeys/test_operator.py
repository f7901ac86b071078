"""What the operator does beside the running server: exporting, looking for what is wrong, and rotating keys."""

import csv
import io
import json
import os

import httpx

from core.sealing import generate_key
from tests.journeys.site import Site, Tenant, eventually


def _say(site: Site, tenant: Tenant, *words: str) -> dict[str, str]:
    key: dict[str, str] = tenant.post("webhook-keys", {"name": "k"})
    for text in words:
        _send(site, key, text)
    eventually(lambda: len(tenant.signals()) == len(words))
    return key


def _send(site: Site, key: dict[str, str], text: str) -> None:
    headers = {"X-API-Key": key["api_key"]}
    assert httpx.post(f"{site.base_url}/webhooks/signals", json={"verbatim": text}, headers=headers).status_code == 202


def test_signals_are_exported_beside_the_running_server(site: Site, tenant: Tenant) -> None:
    other = site.tenant("Other")
    _say(site, tenant, "=1+1", "second")
    _say(site, other, "theirs")
    own = site.run("export", "--workspace", tenant.workspace_id)
    lines = [json.loads(line) for line in own.stdout.splitlines()]
    assert [line.pop("workspace_id") for line in lines] == [tenant.workspace_id] * 2
    assert lines == tenant.signals()
    assert own.stderr == b"", "nothing but the export when nobody looks on"
    path = site.folder / f"{os.urandom(4).hex()}.csv"
    done = site.run("export", "--format", "csv", "--output", str(path))
    assert (done.returncode, done.stdout) == (0, b"")
    rows = [*csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"), newline=""))]
    assert {"'=1+1", "second", "theirs"} <= {row["verbatim"] for row in rows}
    assert {tenant.workspace_id, other.workspace_id} <= {row["workspace_id"] for row in rows}
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_exported_is_said_in_a_line(site: Site) -> None:
    unknown = site.run("export", "--workspace", "ws_nobody")
    assert (unknown.returncode, unknown.stderr) == (1, b"There is no such workspace: ws_nobody\n")
    assert site.run("export", "--format", "xlsx").returncode == 2
    assert site.run("export", "--output", str(site.folder / "none" / "x")).returncode == 1


def test_the_doctor_finds_a_running_site_well(site: Site, tenant: Tenant) -> None:
    tenant.post("webhook-keys", {"name": "k"})
    well = site.run("doctor")
    assert well.returncode == 0, well.stdout.decode()
    assert b"problem" not in well.stdout
    assert b"ok       keyring: opens" in well.stdout
    healthy = site.environ
    try:
        site.environ = {**healthy, "SIGNALBOX_ENCRYPTION_KEYS": generate_key()}
        sick = site.run("doctor")
    finally:
        site.environ = healthy
    assert sick.returncode == 1
    assert sick.stderr.endswith(b"are wrong: keyring\n")


def test_keys_rotate_while_the_server_works(own_site: Site) -> None:
    """Old key alone; both, and everything sealed anew while events come in; new key alone."""
    old, new = own_site.environ["SIGNALBOX_ENCRYPTION_KEYS"], generate_key()
    own_site.start("run")
    own_site.wait_until_ready()
    tenant = own_site.tenant()
    key = _say(own_site, tenant, "under the old key")
    own_site.stop()

    own_site.environ["SIGNALBOX_ENCRYPTION_KEYS"] = f"{new},{old}"
    own_site.start("run")
    own_site.wait_until_ready()
    assert b"rotate-keys" in own_site.run("doctor").stdout
    _send(own_site, key, "before")
    rotated = own_site.run("rotate-keys")
    assert rotated.returncode == 0, rotated.stderr.decode()
    assert rotated.stdout == b"1 values sealed anew\n", "the key's; the Slack app's are sealed anew at each start"
    assert rotated.stderr == b""
    _send(own_site, key, "after")
    assert own_site.run("rotate-keys").stdout == b"0 values sealed anew\n"
    own_site.stop()

    own_site.environ["SIGNALBOX_ENCRYPTION_KEYS"] = new
    own_site.start("run")
    own_site.wait_until_ready()
    _send(own_site, key, "under the new key alone")
    eventually(lambda: len(tenant.signals()) == 4)
    assert own_site.run("doctor").returncode == 0
