"""The console: server-rendered pages for people."""

from flask import Flask

from web.console.assets import asset
from web.console.pages import console
from web.console.sign_in import sign_in
from web.console.wording import register_wording

__all__ = ["register_console"]


def register_console(app: Flask) -> None:
    """The console's pages, the way in and out, and what their templates use."""
    for blueprint in (console, sign_in):
        app.register_blueprint(blueprint)
    app.add_template_global(asset)
    register_wording(app)
