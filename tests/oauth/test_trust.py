"""Whom outgoing connections trust is read once, however many clients are made."""

import ssl
from typing import Any

import pytest

from core.trust import machines_trust
from integrations.pylon import client as pylon_client
from integrations.pylon.client import PylonClient
from oauth import discovery
from oauth.discovery import Directory
from oauth.exchange import slack_client
from tests.conftest import MemoryPauses, StillClock


def test_certificates_are_read_once_for_each_kind_of_client(monkeypatch: pytest.MonkeyPatch, clock: StillClock) -> None:
    read: list[object] = []
    make = ssl.create_default_context

    def counted(*args: Any, **options: Any) -> ssl.SSLContext:
        read.append(args)
        return make(*args, **options)

    monkeypatch.setattr(ssl, "create_default_context", counted)
    for trust in (machines_trust, pylon_client._trust, discovery._trust):
        trust.cache_clear()
    for _ in range(3):
        PylonClient("https://pylon.example", MemoryPauses())
        Directory(clock)
        assert slack_client("https://slack.example/api/").ssl is machines_trust()
    assert len(read) == 3
