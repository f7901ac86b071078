from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import quote

import msgspec
import pytest
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.authorize import Authorize
from slack_bolt.oauth import OAuthFlow
from slack_bolt.oauth.oauth_settings import OAuthSettings
from slack_sdk.oauth import InstallationStore, OAuthStateStore
from slack_sdk.web import WebClient
from structlog.testing import capture_logs

from core.adapter import AccountKey, InboundRequest, ReceivedEvent
from core.changes import Change
from core.errors import SignalboxError, StepFailed
from integrations.slack.bolt import build_app
from integrations.slack.client import SlackClient
from integrations.slack.effects import SlackEffects
from integrations.slack.envelope import EFFECTS
from integrations.slack.listeners import LISTENERS
from integrations.slack.responding import SHOWINGS
from integrations.slack.surfaces import Surfaces
from tests.conftest import MemoryPauses
from tests.surfaces import NOWHERE, EmptyDesk, NoAccess, at_once

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass
class Ended:
    """A lifecycle that remembers, or fails as often as it is told."""

    calls: list[tuple[str, AccountKey, str, datetime]] = field(default_factory=list)
    failures: int = 0
    changes: list[tuple[Change, Sequence[AccountKey], datetime]] = field(default_factory=list)

    def change(
        self, change: Change, *, slack_app_id: str, accounts: Sequence[AccountKey], happened_at: datetime
    ) -> None:
        assert slack_app_id == "app_1"
        self.changes.append((change, accounts, happened_at))

    def end_installation(self, *, slack_app_id: str, account: AccountKey, reason: str, happened_at: datetime) -> None:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("xoxb-secret")
        self.calls.append((slack_app_id, account, reason, happened_at))


class Everybody(Authorize):
    """Knows every team, or none."""

    def __init__(self, *, known: bool = True) -> None:
        self.known = known

    def __call__(self, **_: Any) -> AuthorizeResult | None:
        return AuthorizeResult(enterprise_id=None, team_id="T1", bot_token="xoxb-1") if self.known else None


def refuse(body: bytes) -> None:  # the protocol's name
    raise AssertionError("nothing was to be kept")


def make_flow() -> OAuthFlow:
    settings = OAuthSettings(
        client_id="11.22", client_secret="s", scopes=[], user_scopes=[],
        installation_store=InstallationStore(), state_store=OAuthStateStore(),
    )  # fmt: skip
    return OAuthFlow(settings=settings, client=WebClient(base_url="http://127.0.0.1:9/", retry_handlers=[]))


def make_app(lifecycle: Ended, authorize: Authorize | None = None) -> App:
    surfaces = Surfaces(EmptyDesk(), SlackClient(NOWHERE, MemoryPauses()), NoAccess(), at_once)
    return build_app(oauth_flow=make_flow(), authorize=authorize or Everybody(), lifecycle=lifecycle, surfaces=surfaces)


@pytest.fixture
def ended() -> Ended:
    return Ended()


@pytest.fixture
def effects(ended: Ended) -> SlackEffects:
    return SlackEffects(lambda _: make_app(ended))


def event(inner: dict[str, Any], slack_app_id: str | None = "app_1", **outer: Any) -> ReceivedEvent:
    body = {"type": "event_callback", "team_id": "T1", "event_time": 1_795_168_000, "event": inner} | outer
    return ReceivedEvent("evt_1", "slack", inner["type"], msgspec.json.encode(body), NOW, slack_app_id=slack_app_id)


def test_every_effect_has_its_listener() -> None:
    assert LISTENERS.keys() | SHOWINGS.keys() == EFFECTS


def test_an_uninstall_reaches_the_lifecycle_although_nobody_is_authorized(ended: Ended) -> None:
    effects = SlackEffects(lambda _: make_app(ended, Everybody(known=False)))

    effects.perform(event({"type": "app_uninstalled"}))

    happened = datetime.fromtimestamp(1_795_168_000.999999, UTC)
    assert ended.calls == [("app_1", AccountKey(None, "T1"), "app_uninstalled", happened)]


@pytest.mark.parametrize("event_time", [None, "x", -1, 10**30, 1.5])
def test_without_a_time_the_arrival_counts(ended: Ended, effects: SlackEffects, event_time: object) -> None:
    effects.perform(event({"type": "app_uninstalled"}, event_time=event_time))
    assert [call[3] for call in ended.calls] == [NOW]


@pytest.mark.parametrize(
    ("outer", "account"),
    [
        ({"enterprise_id": "E1"}, AccountKey("E1", "T1")),
        ({"enterprise_id": "E1", "team_id": None}, AccountKey("E1", None)),
        ({"enterprise_id": "E1", "is_enterprise_install": True}, AccountKey("E1", None)),
        (
            {"authorizations": [{"enterprise_id": "E1", "team_id": "T1", "is_enterprise_install": True}]},
            AccountKey("E1", None),
        ),
    ],
)
def test_whose_installation_ended(
    ended: Ended, effects: SlackEffects, outer: dict[str, Any], account: AccountKey
) -> None:
    effects.perform(event({"type": "app_uninstalled"}, **outer))
    assert [call[1] for call in ended.calls] == [account]


@pytest.mark.parametrize(
    ("tokens", "ends"),
    [({"bot": ["U1"]}, 1), ({"oauth": ["U1"], "bot": []}, 0), ({"oauth": ["U1"]}, 0), (None, 0), ([], 0)],
)
def test_only_bot_tokens_matter(ended: Ended, effects: SlackEffects, tokens: object, ends: int) -> None:
    effects.perform(event({"type": "tokens_revoked", "tokens": tokens}))
    assert len(ended.calls) == ends


def test_what_nobody_listens_to_is_done(ended: Ended, effects: SlackEffects) -> None:
    effects.perform(event({"type": "app_home_opened", "user": "U1"}))
    effects.perform(ReceivedEvent("evt_1", "slack", "x", b'{"type": "app_rate_limited"}', NOW, slack_app_id="app_1"))
    assert ended.calls == []


def test_a_failing_listener_is_tried_again_and_not_quoted(
    ended: Ended, effects: SlackEffects, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    ended.failures = 1

    with capture_logs() as logs, pytest.raises(StepFailed) as failed:
        effects.perform(event({"type": "app_uninstalled"}))
    assert (failed.value.reason, failed.value.permanent) == ("slack_effect_failed", False)
    assert [entry["event"] for entry in logs] == ["slack_listener_failed"]
    effects.perform(event({"type": "app_uninstalled"}))
    assert len(ended.calls) == 1
    assert "xoxb-secret" not in caplog.text


def test_an_app_that_is_gone_is_no_reason_to_try_again(ended: Ended) -> None:
    def gone(_: str) -> App:
        raise SignalboxError("slack_app_missing")

    for app_id in ("app_1", None):
        with pytest.raises(StepFailed) as failed:
            SlackEffects(gone).perform(event({"type": "app_uninstalled"}, app_id))
        assert (failed.value.reason, failed.value.permanent) == ("slack_app_missing", True)


def test_one_bolt_app_per_slack_app(ended: Ended) -> None:
    made: list[str] = []

    def app_for(app_id: str) -> App:
        made.append(app_id)
        return make_app(ended)

    effects = SlackEffects(app_for)
    for app_id in ("app_1", "app_2", "app_1"):
        effects.perform(event({"type": "app_uninstalled"}, app_id))
    assert made == ["app_1", "app_2"]


HOSTILE = [
    b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"payload=", b"payload=[]", b"payload=%7B", b"a=1&payload=null",
    b'{"event": 1}', b'{"event": null}', b'{"authorizations": {"a": 1}}', b'{"authorizations": [null]}',
    b"payload=" + quote('{"type": "block_actions", "actions": 1}').encode(),
    b"payload=" + quote('{"type": "view_submission", "view": []}').encode(),
    b"command=/signal&text=hello", b"ssl_check=1", b'{"type": "url_verification", "challenge": "c"}',
]  # fmt: skip


@pytest.mark.parametrize("body", HOSTILE)
@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "application/json", "\xff"])
def test_an_interaction_is_always_answered(effects: SlackEffects, body: bytes, content_type: str) -> None:
    reply = effects.answer("app_1", InboundRequest({"content-type": content_type}, body, NOW), refuse)
    assert (reply.status, reply.body) == (200, "")


@pytest.mark.parametrize(("known", "answered"), [(True, "view"), (False, "errors")])
def test_a_dialog_that_is_not_ours_to_take_says_so(ended: Ended, known: bool, answered: str) -> None:
    """Without an answer Slack would close it as if all were well."""
    dialog = '{"type": "modal", "callback_id": "capture_signal"}'
    sent = f'{{"type": "view_submission", "user": {{"id": "U1", "team_id": "T1"}}, "view": {dialog}}}'
    effects = SlackEffects(lambda _: make_app(ended, Everybody(known=known)))
    reply = effects.answer("app_1", InboundRequest(FORM, b"payload=" + quote(sent).encode(), NOW), refuse)
    assert reply.status == 200
    assert reply.content_type.startswith("application/json")
    assert msgspec.json.decode(reply.body).keys() == {"response_action", answered}


def test_a_team_that_is_not_connected_gets_silence(ended: Ended) -> None:
    payload = quote('{"type": "shortcut", "team": {"id": "T1"}, "response_url": "http://127.0.0.1:9/"}').encode()
    effects = SlackEffects(lambda _: make_app(ended, Everybody(known=False)))
    for body in (b"command=/signal&team_id=T1", b"payload=" + payload):
        reply = effects.answer("app_1", InboundRequest(FORM, body, NOW), refuse)
        assert (reply.status, reply.body) == (200, "")


def test_an_interaction_of_a_gone_app_is_answered() -> None:
    def gone(_: str) -> App:
        raise SignalboxError("slack_app_missing")

    reply = SlackEffects(gone).answer("app_1", InboundRequest(FORM, b"command=/signal", NOW), refuse)
    assert (reply.status, reply.body) == (200, "")


def test_slacks_variables_are_not_read(monkeypatch: pytest.MonkeyPatch, ended: Ended) -> None:
    for name in ("CLIENT_ID", "CLIENT_SECRET", "BOT_TOKEN", "SIGNING_SECRET", "VERIFICATION_TOKEN"):
        monkeypatch.setenv(f"SLACK_{name}", "trap")
    app = make_app(ended)
    assert app.oauth_flow is not None
    assert app.oauth_flow.client_id == "11.22"
    assert app.client.token is None
    assert cast("Any", app)._signing_secret == ""
