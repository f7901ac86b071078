"""Static files: addressed by their content, so that browsers keep them for a year and never show an old one."""

import hashlib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from flask import Response, request, send_from_directory, url_for
from werkzeug.wrappers import Response as BaseResponse

from core.errors import SettingsError

FOLDER = Path(__file__).parent / "static"
VENDORED: Mapping[str, tuple[str, str]] = {"htmx.min.js": ("django_htmx", "static/django_htmx/htmx-2.min.js")}
"""Files of installed packages: the package's name and the place within it. The package is never imported."""

_FOR_A_YEAR = "public, max-age=31536000, immutable"
_ENDPOINTS = ("console.static", "console.vendored")


def asset(name: str) -> str:
    """The address of a static file, with the version of its content."""
    return _address(name, request.script_root)


def keep(response: BaseResponse) -> BaseResponse:
    """Lets browsers keep a static file that was asked for by its version."""
    if request.endpoint in _ENDPOINTS and request.args.get("v") and response.status_code < 400:
        response.headers["Cache-Control"] = _FOR_A_YEAR
    return response


def require_vendored() -> None:
    """Raises `SettingsError` naming every file that its package did not bring."""
    missing = [name for name in VENDORED if not place_of(name).is_file()]
    if missing:
        problem = "not installed: run  uv pip install --no-deps --require-hashes -r requirements-assets.lock"
        raise SettingsError([f"{name} is {problem}" for name in missing])


def send_vendored(filename: str) -> Response:
    """A file that an installed package brought."""
    place = place_of(filename)
    return send_from_directory(place.parent, place.name)


@lru_cache(maxsize=256)
def _address(name: str, _script_root: str) -> str:
    """Kept for each place the server is mounted at: a page of signals asks for its pictures a hundred times."""
    endpoint = "console.vendored" if name in VENDORED else "console.static"
    return url_for(endpoint, filename=name, v=_version(name))


@cache
def place_of(name: str) -> Path:
    """Where the file lies; a path that does not exist when its package is not installed."""
    if name not in VENDORED:
        return FOLDER / name
    package, path = VENDORED[name]
    spec = find_spec(package)
    return Path(spec.origin).parent / path if spec and spec.origin else FOLDER / name


@cache
def _version(name: str) -> str:
    return hashlib.sha256(place_of(name).read_bytes()).hexdigest()[:12]
