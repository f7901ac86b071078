"""The blueprint of the rooms for admins: connections, keys, events, people and settings."""

from flask import Blueprint

from core.errors import SignalboxError
from web.console.problems import refused

admin = Blueprint("admin", __name__)
admin.register_error_handler(SignalboxError, refused)
