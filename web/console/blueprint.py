"""The blueprint that the console's reading pages are registered on, with its assets and its error pages."""

from flask import Blueprint

from core.errors import SignalboxError
from web.console.assets import VENDORED, keep, send_vendored
from web.console.problems import refused

console = Blueprint("console", __name__, template_folder="templates", static_folder="static", static_url_path="/assets")
console.after_request(keep)
console.register_error_handler(SignalboxError, refused)
for _name in VENDORED:
    console.add_url_rule(f"/assets/<any({_name}):filename>", "vendored", send_vendored)
