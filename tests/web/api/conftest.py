"""The API over a real database: three workspaces, their tokens, and stand-ins for the network.

Every answer of every test is checked against the schema that the OpenAPI document promises for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

import pytest
from apiflask import APIFlask
from flask import Response, request
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from core.adapter import Access, AccountKey, Adapter, Interactions, LookupClient
from core.channels import Channel, ChannelPage
from core.digests import Digester
from core.errors import StepFailed
from core.settings import Settings
from core.signal import Lookup
from core.taming import JsonObject
from db import ApiToken, Database, Scope, User, Workspace, WorkspaceMember
from integrations import offers
from integrations.pylon.inspection import inspector
from oauth.installer import Installer
from pipeline.receive import CommitEach
from pipeline.tokens.access import StoredAccess
from tests.conftest import MemoryPauses, StillClock
from tests.web.apps import like
from web.api.registering import make_flask, register_api
from web.api.stream import Pace, Streams, allow_streams
from web.errors import register_errors
from web.services import Services, attach

SCOPES: tuple[Scope, ...] = ("read", "write", "admin")
PUBLIC_URL = "https://signals.example.com"


@dataclass(frozen=True)
class Platform:
    """As much of an adapter as connecting looks at."""

    platform: str
    door: str


@dataclass
class Organisations:
    """A platform's look-ups: whose tokens these are."""

    by_token: dict[str, str] = field(default_factory=lambda: {"token-globex": "org-globex", "token-acme": "org-acme"})
    down: bool = False

    def fetch(self, lookup: Lookup, access: Access) -> JsonObject:
        assert lookup == Lookup("me", "")
        if self.down:
            raise StepFailed("pylon_timeout", permanent=False)
        if access.token not in self.by_token:
            raise StepFailed("invalid_api_token", permanent=True)
        return {"id": self.by_token[access.token], "name": "An organisation"}


@dataclass(frozen=True)
class Tenant:
    """A workspace, its owner, and the owner's tokens by scope."""

    workspace_id: str
    user_id: str
    tokens: dict[Scope, str]


@dataclass(frozen=True)
class Api:
    """A program that holds a token."""

    client: FlaskClient
    token: str | None

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.call("GET", path, query_string=query)

    def post(self, path: str, body: object = None) -> TestResponse:
        return self.call("POST", path, json=body if body is not None else {})

    def patch(self, path: str, body: object) -> TestResponse:
        return self.call("PATCH", path, json=body)

    def delete(self, path: str) -> TestResponse:
        return self.call("DELETE", path)

    def call(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **options)


@pytest.fixture
def organisations() -> Organisations:
    return Organisations()


@dataclass
class Rooms:
    """A platform's channels, as far as joining goes."""

    joined: list[str] = field(default_factory=list)
    failure: StepFailed | None = None

    def page(self, access: Access, account: AccountKey, position: JsonObject) -> ChannelPage:
        raise NotImplementedError

    def join(self, access: Access, channel_id: str) -> Channel:
        if self.failure:
            raise self.failure
        self.joined.append(f"{channel_id} with {access.token}")
        return Channel(channel_id, "ext-globex", is_member=True)


@pytest.fixture
def rooms() -> Rooms:
    return Rooms()


@pytest.fixture
def woken() -> list[str]:
    """The step, each time that one is woken."""
    return []


@pytest.fixture
def settings() -> Settings:
    return Settings(public_url=PUBLIC_URL)


@pytest.fixture
def app(
    database: Database,
    digester: Digester,
    clock: StillClock,
    *,
    settings: Settings,
    organisations: Organisations,
    woken: list[str],
    rooms: Rooms,
) -> Iterator[APIFlask]:
    app = like(_registered())
    allow_streams(app, Streams(Pace(life=0)))
    doors = {"pylon": "ingest_key", "desk": "ingest_key", "slack": "slack_app", "webhook": "webhook_key"}
    attach(
        app,
        Services(
            settings=settings,
            database=database,
            digester=digester,
            clock=clock,
            adapters={name: cast("Adapter", Platform(name, door)) for name, door in doors.items()},
            lookups={"pylon": cast("LookupClient", organisations)},
            historians=offers({}, MemoryPauses()).history,
            books={"slack": rooms},
            access=StoredAccess(database),
            inspectors={"pylon": inspector()},
            retellers=offers({}, MemoryPauses()).retelling,
            inbox=CommitEach(database, lambda: None),
            wake=woken.append,
            installer=Installer(
                settings=settings, database=database, digester=digester, clock=clock, bot_scopes=("channels:history",)
            ),
            interactions=cast("Interactions", None),
        ),
    )
    broken: list[str] = []

    @app.after_request
    def check(response: Response) -> Response:
        broken.extend(_contract_violations(response))
        return response

    yield app
    assert broken == []


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def alice(database: Database, digester: Digester) -> Tenant:
    return _tenant(database, digester, "alice")


@pytest.fixture
def bob(database: Database, digester: Digester) -> Tenant:
    return _tenant(database, digester, "bob")


@pytest.fixture
def charlie(database: Database, digester: Digester) -> Tenant:
    return _tenant(database, digester, "charlie")


@pytest.fixture
def api(client: FlaskClient, alice: Tenant) -> Api:
    """Alice's admin token at work."""
    return Api(client, alice.tokens["admin"])


@pytest.fixture
def bobs_api(client: FlaskClient, bob: Tenant) -> Api:
    """Bob's admin token at work."""
    return Api(client, bob.tokens["admin"])


@cache
def _registered() -> APIFlask:
    app = make_flask()
    register_errors(app)
    register_api(app)
    return app


@cache
def spec() -> dict[str, Any]:
    """The OpenAPI document; it depends on the code alone."""
    app = make_flask()
    register_api(app)
    return cast("dict[str, Any]", app.spec)


def _tenant(database: Database, digester: Digester, name: str) -> Tenant:
    with database.write() as session:
        workspace = Workspace(name=name.title(), slug=name)
        user = User(email=f"{name}@example.com", name=name.title())
        session.add_all([workspace, user])
        session.flush()
        session.add(WorkspaceMember(workspace_id=workspace.id, user_id=user.id, role="owner"))
        tokens = {scope: _token(session, digester, workspace.id, user.id, scope) for scope in SCOPES}
    return Tenant(workspace.id, user.id, tokens)


def _token(session: Any, digester: Digester, workspace_id: str, user_id: str, scope: Scope) -> str:
    issued = digester.issue("api_token", "sbx_")
    session.add(
        ApiToken(
            workspace_id=workspace_id, created_by=user_id, name=f"{scope} token", token_digest=issued.digest,
            token_hint=issued.hint, scopes=[scope],
        )
    )  # fmt: skip
    return issued.token


def _contract_violations(response: Response) -> Iterator[str]:
    rule = request.url_rule
    if rule is None or not rule.rule.startswith("/api/v1/") or request.method in ("OPTIONS", "HEAD"):
        return
    path = rule.rule.replace("<", "{").replace(">", "}")
    where = f"{request.method} {path} {response.status_code}"
    promised = spec()["paths"][path].get(request.method.lower())
    if promised is None:
        return
    answer = promised["responses"].get(str(response.status_code))
    if answer is None:
        yield f"{where} is not in the document"
    elif not answer.get("content"):
        yield from [f"{where} has a body"] if response.get_data() else []
    elif response.mimetype not in answer["content"]:
        yield f"{where} has the type {response.mimetype}"
    else:
        schema = answer["content"][response.mimetype]["schema"]
        validator = Draft202012Validator({**schema, "components": spec()["components"]})
        yield from (f"{where} {error.json_path}: {error.message}" for error in validator.iter_errors(response.json))
