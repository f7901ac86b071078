"""A web server that keeps what it receives and answers as told."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec
from flask import Flask, Response, request

from core.taming import JsonObject


@dataclass(frozen=True)
class Received:
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> JsonObject:
        return msgspec.json.decode(self.body, type=dict)


@dataclass
class Receiver:
    """Answers 200, unless ``statuses`` says otherwise for the next requests."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    answer_headers: dict[str, str] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)

    def app(self) -> Flask:
        app = Flask(__name__)

        @app.post("/<path:path>")
        def take(path: str) -> Response:
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.received.append(Received(path, headers, request.get_data()))
            status = self.statuses.pop(0) if self.statuses else 200
            return Response(status=status, headers=self.answer_headers)

        return app
