"""What strangers may send at the doors, and what the commands answer an operator who errs."""

import json
import socket
from urllib.parse import urlsplit

import httpx
import pytest

from tests.journeys.site import Site, Tenant, free_port

LIMIT = 1024 * 1024


def test_a_chunked_body_above_the_limit_is_refused_not_cut(site: Site, tenant: Tenant) -> None:
    key = tenant.post("webhook-keys", {"name": "k"})["api_key"]
    whole = b'{"verbatim": "words"}'
    body = whole + b" " * LIMIT + b"garbage"
    assert _send_chunked(site, key, body).startswith(b"HTTP/1.1 413")
    assert _send_chunked(site, key, whole).startswith(b"HTTP/1.1 202")


@pytest.mark.parametrize("path", ["/slack/apps/%00/events", "/webhooks/%00/x", "/webhooks/pylon/%00", "/slack/events"])
def test_no_path_of_a_stranger_is_an_error_of_ours(site: Site, path: str) -> None:
    assert httpx.post(site.base_url + path, content=b"\xff").status_code == 401


def test_a_second_server_is_refused_in_one_line(site: Site) -> None:
    same_port = site.run("run")
    assert (same_port.returncode, same_port.stderr.count(b"\n")) == (1, 1)
    if site.environ["SIGNALBOX_DATABASE_URL"].startswith("sqlite"):
        site.environ |= {"SIGNALBOX_BIND": f"127.0.0.1:{free_port()}"}
        same_file = site.run("run")
        site.environ |= {"SIGNALBOX_BIND": urlsplit(site.base_url).netloc}
        assert same_file.returncode == 1
        assert b"Another Signalbox serves this SQLite file" in same_file.stderr


def test_a_workspace_is_made_beside_the_running_server(site: Site) -> None:
    done = site.run("bootstrap", "--workspace", "Beside", "--email", "o@beside.example", "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    made = json.loads(done.stdout)
    assert set(made) == {"workspace_id", "user_id", "sign_in_url", "api_token"}
    owners = Tenant(site.base_url, made["workspace_id"], made["sign_in_url"], made["api_token"])
    assert owners.get("workspace")["name"] == "Beside"
    assert "Four steps to your first signal" in httpx.get(owners.sign_in_url, follow_redirects=True, timeout=20).text


def test_commands_name_what_is_wrong(site: Site) -> None:
    refused = site.run("bootstrap", "--workspace", " ", "--email", "nobody", "--json")
    assert (refused.returncode, refused.stdout) == (1, b"")
    assert b"name:" in refused.stderr
    assert b"email:" in refused.stderr
    assert site.run("replay", "evt_unknown").returncode == 1
    assert site.run("bootstrap").returncode == 2
    rendered = site.run("manifest", "--public-url", "https://box.acme.example")
    assert rendered.returncode == 0
    assert b"https://box.acme.example/slack/events" in rendered.stdout


def _send_chunked(site: Site, key: str, body: bytes) -> bytes:
    """The beginning of the answer to a body whose length is not told before."""
    address = urlsplit(site.base_url)
    head = f"POST /webhooks/signals HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nTransfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(head.encode())
        for start in range(0, len(body), 65_536):
            chunk = body[start : start + 65_536]
            connection.sendall(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        connection.sendall(b"0\r\n\r\n")
        return connection.recv(64)
