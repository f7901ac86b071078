"""The bodies of Pylon's triggers, as admins write them in its template editor."""

from core.taming import JsonObject, Tame


def thin(event: str, issue: JsonObject, **more: str) -> JsonObject:
    """Ids only: the reader fetches the rest. No customer text can break this template's JSON."""
    return {"event": event, "issue_id": issue["id"], **more}


def flat_issue(issue: JsonObject, account: JsonObject) -> JsonObject:
    """The words and names flattened into the body; a variable that Pylon cannot resolve arrives literally."""
    return {
        "event": "issue.created",
        "issue_id": issue["id"],
        "issue_number": str(issue["number"]),
        "issue_title": issue["title"],
        "issue_body": issue["body_html"],
        "issue_status": issue["state"],
        "issue_link": issue["link"],
        "issue_account_id": account["id"],
        "issue_account_name": account["name"],
        "issue_requester_id": Tame(issue).object("requester").text("id"),
        "issue_requester_email": Tame(issue).object("requester").text("email"),
        "issue_tags": issue["tags"],
        "attachment_urls": "{{ issue.attachment_urls }}",
    }
