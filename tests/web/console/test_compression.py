"""Answers in fewer bytes: which are compressed, and what stays as it is."""

import gzip
from collections.abc import Iterator

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.web.console.conftest import Console
from web.compression import MOST_PADDING, register_compression

TEXT = "what customers said " * 200
ACCEPTS = {"Accept-Encoding": "br, gzip"}


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("compression", static_folder=None)
    register_compression(app)

    @app.get("/page")
    def page() -> str:
        return TEXT

    @app.get("/short")
    def short() -> str:
        return "short"

    @app.get("/tagged")
    def tagged() -> Response:
        response = Response(TEXT, content_type="application/json")
        response.set_etag("state")
        return response

    @app.get("/picture")
    def picture() -> Response:
        return Response(TEXT, content_type="image/png")

    @app.get("/packed")
    def packed() -> Response:
        return Response(gzip.compress(TEXT.encode()), headers={"Content-Encoding": "gzip"})

    @app.get("/stream/<path:kind>")
    def stream(kind: str) -> Response:
        def pieces() -> Iterator[str]:
            yield TEXT

        return Response(pieces(), content_type=kind)

    return app.test_client()


def get(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    return client.get(path, headers=ACCEPTS | headers)


def test_a_text_is_compressed_for_who_can_read_it(client: FlaskClient) -> None:
    answer = get(client, "/page")
    assert answer.headers["Content-Encoding"] == "gzip"
    assert int(answer.headers["Content-Length"]) == len(answer.data) < len(TEXT) / 10
    assert gzip.decompress(answer.data).decode() == TEXT
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize("accepted", ["", "identity", "br", "gzip;q=0", "nonsense;q=x"])
def test_others_get_it_as_it_is_and_caches_know(client: FlaskClient, accepted: str) -> None:
    answer = client.get("/page", headers={"Accept-Encoding": accepted})
    assert answer.text == TEXT
    assert "Content-Encoding" not in answer.headers
    assert answer.headers["Vary"] == "Accept-Encoding"


@pytest.mark.parametrize(
    "path", ["/short", "/tagged", "/picture", "/stream/text/event-stream", "/stream/text/csv", "/stream/text/plain"]
)
def test_what_stays_as_it_is(client: FlaskClient, path: str) -> None:
    answer = get(client, path)
    assert "Content-Encoding" not in answer.headers
    assert answer.text in (TEXT, "short")


def test_what_is_compressed_already_is_left_alone(client: FlaskClient) -> None:
    assert gzip.decompress(get(client, "/packed").data).decode() == TEXT


def test_the_head_of_a_page_speaks_of_the_same_bytes(client: FlaskClient) -> None:
    answer = client.head("/page", headers=ACCEPTS)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.data == b""


def test_the_length_of_a_page_does_not_tell_what_is_in_it(client: FlaskClient) -> None:
    lengths = {len(get(client, "/page").data) for _ in range(40)}
    assert len(lengths) > 10
    assert max(lengths) - min(lengths) <= MOST_PADDING


def test_files_are_compressed_the_same_each_time(console: Console) -> None:
    page = console.page()
    sheet = str(page.select_one("link[rel=stylesheet][href*=components]")["href"])  # type: ignore[index]
    first, again = (console.browser.get(sheet, headers=ACCEPTS, buffered=True) for _ in range(2))
    plain = console.browser.get(sheet, buffered=True)
    assert gzip.decompress(first.data) == plain.data
    assert first.data == again.data
    assert first.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert first.headers["ETag"] == f"W/{plain.headers['ETag']}"
    unchanged = console.browser.get(sheet, headers=ACCEPTS | {"If-None-Match": first.headers["ETag"]}, buffered=True)
    assert unchanged.status_code == 304
    assert unchanged.data == b""
    assert len(first.data) < len(plain.data) / 2


def test_every_page_has_another_token_and_all_of_them_open(console: Console) -> None:
    tokens = [console.page("/account").select_one("input[name=csrf_token]")["value"] for _ in range(3)]  # type: ignore[index]
    assert len(set(tokens)) == 3
    for token in tokens:
        answer = console.browser.post("/account/sign-out-everywhere", data={"csrf_token": str(token)[:-2] + "zz"})
        assert answer.status_code == 403
    for token in tokens:
        answer = console.browser.post("/views", data={"csrf_token": token})
        assert answer.status_code == 422


@pytest.mark.parametrize("token", ["", "0", "00", "zz", "00" * 32, "00" * 64, "é", "0" * 9_999])
def test_what_is_no_token_opens_nothing(console: Console, token: str) -> None:
    assert console.browser.post("/views", data={"csrf_token": token}).status_code == 403
