"""Puts the console into an application: every module with pages is imported here."""

from flask import Flask

from web.console import accounts, conversation, downloads, overview, saved_views, signal, signals
from web.console.account import account
from web.console.admin import admin
from web.console.assets import asset, require_vendored
from web.console.blueprint import console
from web.console.invitations import invitations
from web.console.openid import openid
from web.console.parts import PARTS
from web.console.sign_in import sign_in
from web.console.troubles import register_troubles
from web.console.wording import register_wording

__all__ = ["accounts", "conversation", "downloads", "overview", "register_console", "saved_views", "signal", "signals"]


def register_console(app: Flask) -> None:
    """The console's pages, the way in and out, and what their templates use. Raises `SettingsError`."""
    require_vendored()
    for blueprint in (console, sign_in, openid, invitations, account, admin):
        app.register_blueprint(blueprint)
    for function in (asset, *PARTS):
        app.add_template_global(function)
    register_wording(app)
    register_troubles(app)
