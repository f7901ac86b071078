"""Static files: addressed by their content, so that browsers keep them for a year and never show an old one."""

import hashlib
from functools import cache
from pathlib import Path

from flask import request, url_for
from werkzeug.wrappers import Response

FOLDER = Path(__file__).parent / "static"
_FOR_A_YEAR = "public, max-age=31536000, immutable"


def asset(name: str) -> str:
    """The address of a static file, with the version of its content."""
    return url_for("console.static", filename=name, v=_version(name))


def keep(response: Response) -> Response:
    """Lets browsers keep a static file that was asked for by its version."""
    if request.endpoint == "console.static" and request.args.get("v") and response.status_code < 400:
        response.headers["Cache-Control"] = _FOR_A_YEAR
    return response


@cache
def _version(name: str) -> str:
    return hashlib.sha256((FOLDER / name).read_bytes()).hexdigest()[:12]
