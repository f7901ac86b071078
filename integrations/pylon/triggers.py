"""The bodies that an admin pastes into Pylon's triggers: ids only, so that no customer's words can break their JSON."""

from core.adapter import Trigger

TRIGGERS = (
    Trigger("New issue", '{"event": "issue.created", "issue_id": "{{ issue.id }}"}'),
    Trigger(
        "New message",
        '{"event": "message.created", "issue_id": "{{ issue.id }}", "message_id": "{{ issue.last_message.id }}"}',
    ),
    Trigger(
        "Status changed",
        '{"event": "issue.status_changed", "issue_id": "{{ issue.id }}", "status": "{{ issue.status }}"}',
    ),
    Trigger("Assigned", '{"event": "issue.assigned", "issue_id": "{{ issue.id }}"}'),
    Trigger("Tags or fields changed", '{"event": "issue.tags_changed", "issue_id": "{{ issue.id }}"}'),
)
"""One per event; the variables are those that users of Pylon are seen to use."""
