"""Errors as they look, for the OpenAPI document: one example for each status, of a kind that the operation answers."""

from typing import Any, TypeAlias

Spec: TypeAlias = dict[str, Any]

OF_STATUS: dict[str, tuple[str, str]] = {
    "400": ("not_json_object", "The body must be one JSON object, encoded as UTF-8."),
    "401": ("token_expired", "This API token has expired; make a new one."),
    "403": ("scope_insufficient", "This needs a token with the scope `admin`."),
    "404": ("not_found", "There is no such thing in this workspace."),
    "412": ("precondition_failed", "It was changed since: read it again and repeat the change with its new ETag."),
    "413": ("payload_too_large", "The body is larger than 1 MiB."),
    "422": ("invalid_fields", "These fields cannot be accepted: limit."),
    "424": ("pylon_unreachable", "The platform did not answer: pylon_unreachable."),
    "429": ("rate_limited", "This token has sent too many requests."),
    "503": ("database_unavailable", "The database cannot be reached now; try again."),
}
CONFLICTS: dict[str, tuple[str, str]] = {
    "Integrations": ("integration_disconnected", "This integration is disconnected; connect it again."),
    "Members": ("last_owner", "This is the last owner. Make somebody else an owner first."),
    "Slack apps": ("slack_app_incomplete", "This app has no credentials yet: register it with all of them."),
    "Webhook keys": ("events_pending", "Events of this key still wait: deactivate it, delete it later."),
}
"""By tag, for operations that have no ``Idempotency-Key``."""
IN_USE = ("idempotency_key_in_use", "A request with this Idempotency-Key is still at work; send it again in a moment.")
_FIELDS = [{"field": "limit", "message": "Input should be less than or equal to 200."}]


def problem_example(status: str, tag: str, method: str) -> Spec:
    """The problem that is answered with this status."""
    conflict = IN_USE if method == "post" else CONFLICTS.get(tag, IN_USE)
    code, detail = conflict if status == "409" else OF_STATUS[status]
    shown: Spec = {
        "type": f"urn:signalbox:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": int(status),
        "detail": detail,
        "code": code,
    }
    return shown | ({"errors": _FIELDS} if status == "422" else {})
