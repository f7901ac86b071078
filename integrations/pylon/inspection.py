"""How a delivery's checks went, one by one, for the person who is setting Pylon up: what is well and what to mend.

Of a request that is not authentic nothing but its credentials is looked at.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from core.adapter import Check, InboundRequest, Secrets
from core.errors import NotJsonObject
from integrations.pylon.normalise import notice_of
from integrations.pylon.salvage import salvaged
from integrations.pylon.shapes import has_placeholders
from integrations.pylon.triggers import TRIGGERS
from integrations.pylon.verification import signature_problem, token_problem

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "header_ok": Check("Header", True, "The secret header came with the right value."),
        "header_missing": Check("Header", False, "Add the custom header to Pylon's webhook, exactly as shown here."),
        "header_wrong": Check("Header", False, "The header holds another value: copy ours into Pylon again."),
        "signature_ok": Check("Signature", True, "Pylon signed the body with the secret that you pasted."),
        "signature_missing": Check("Signature", False, "No X-Pylon-Signature came: is this request from Pylon at all?"),
        "signature_wrong": Check("Signature", False, "Paste the webhook's signing secret again, as Pylon shows it."),
        "timestamp_wrong": Check("Signature", False, "The signed timestamp is missing or over five minutes off."),
        "signature_unused": Check("Signature", None, "Pylon signs its requests: paste its secret to check them."),
        "body_not_json": Check("Body", False, "The trigger's body is not one JSON object: copy a template from here."),
        "body_salvaged": Check(
            "Body", False, "The body is broken, as by a quotation mark in it: the issue is read again. Use ids only."
        ),
        "unresolved_variable": Check("Body", False, "A {{variable}} was left unresolved: take it from Pylon's picker."),
        "keys_repeated": Check("Body", False, "A key occurs twice: words broke out. Use a template of ids only."),
        "issue_id_missing": Check("Issue", False, 'The body names no issue: add "issue_id": "{{ issue.id }}" to it.'),
        "issue_id_ok": Check("Issue", True, "The body names the issue."),
    }
)
REMEDIES: Mapping[str, str] = MappingProxyType(
    {
        "not_configured": "The connection has no secret: make a header token, or paste the signing secret.",
        "thin_body_without_token": "The body holds ids only: add an API token, so that the words can be read.",
        "no_issue_id": 'Add "issue_id": "{{ issue.id }}" to the trigger\'s body.',
        "ambiguous_body": "A customer's words broke out of the template: use one that holds ids only.",
        "not_json_object": "Copy a trigger's body from here: this one is not one JSON object.",
        "body_salvaged": "Use a trigger's body that holds ids only: this one broke, and its issue was read again.",
        "event_filtered": "This connection is set to other events: change that, or switch the trigger off in Pylon.",
        "integration_paused": "The connection is paused: resume it.",
        "pylon_token_refused": "Pylon refuses the API token: paste a new one, of this organisation and region.",
        "pylon_not_found": "The token cannot read this issue: is the webhook of the same organisation as the token?",
        "pylon_request_refused": "Pylon refuses the question: is the issue's id a plain {{ issue.id }}?",
        "token_missing": "There is no API token to read the issue with: add one.",
        "pylon_rate_limited": "Pylon asked for a pause. It is tried again by itself.",
        "pylon_unavailable": "Pylon has a problem. It is tried again by itself.",
        "pylon_unreachable": "Pylon did not answer. It is tried again by itself.",
        "state_change_only": "Nothing to fix: it tells of a change without words. With an API token they are read.",
        "no_customer_words": "Nothing to fix: only your side has written so far.",
        "agent_message": "Nothing to fix: it was written by your side.",
        "private_message": "Nothing to fix: it is an internal note.",
    }
)


class PylonInspector:
    """Implements `core.adapter.Inspector`."""

    checks = CHECKS
    triggers = TRIGGERS
    remedies = REMEDIES

    def inspect(self, request: InboundRequest, secrets: Secrets, *, is_authentic: bool) -> tuple[str, ...]:
        """The findings, as keys of ``checks``."""
        found = [*_header(request, secrets), *_signature(request, secrets)]
        return tuple([*found, *_body(request)] if is_authentic else found)


def inspector() -> PylonInspector:
    """What looks at this platform's deliveries."""
    return PylonInspector()


def _header(request: InboundRequest, secrets: Secrets) -> Iterator[str]:
    tokens = tuple(filter(None, secrets.header))
    if tokens:
        problem = token_problem(request.headers, secrets.header_name, tokens)
        yield {None: "header_ok", "token_missing": "header_missing"}.get(problem, "header_wrong")


def _signature(request: InboundRequest, secrets: Secrets) -> Iterator[str]:
    signing = tuple(filter(None, secrets.signing))
    if not signing:
        yield "signature_unused"
        return
    problem = signature_problem(request, signing, timed=secrets.accepts_timed)
    if problem is None or problem == "signature_missing":
        yield problem or "signature_ok"
    else:
        yield "timestamp_wrong" if problem.startswith("timestamp_") else "signature_wrong"


def _body(request: InboundRequest) -> Iterator[str]:
    try:
        notice = notice_of(request.body)
    except NotJsonObject:
        issue_id = salvaged(request.body)
        yield "body_salvaged" if issue_id else "body_not_json"
        if issue_id:
            yield "issue_id_ok"
        return
    if has_placeholders(request.body):
        yield "unresolved_variable"
    if notice.ambiguous:
        yield "keys_repeated"
    yield "issue_id_ok" if notice.issue_id else "issue_id_missing"
