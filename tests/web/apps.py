"""Web applications for tests: what is registered once serves many, each with services and counters of its own."""

import copy
from typing import TypeVar

from flask import Flask

App = TypeVar("App", bound=Flask)


def like(app: App) -> App:
    """An application with the same routes, templates and hooks, as it was before its first request.

    To register two hundred routes and compile the templates takes longer than most tests. Hooks may be added to it; a
    test that adds routes makes an application of its own.
    """
    assert app.jinja_env  # made now, so that all of them keep their compiled templates in one
    twin = copy.copy(app)
    twin.extensions = dict(app.extensions)
    twin.config = copy.copy(app.config)
    for hooks in ("before_request_funcs", "after_request_funcs", "teardown_request_funcs"):
        mine = getattr(app, hooks)
        setattr(twin, hooks, type(mine)(list, {scope: list(functions) for scope, functions in mine.items()}))
    return twin
