"""How a delivery's checks went, one by one, for the person who is setting Pylon up: what is well and what to mend.

Of a request that is not authentic nothing but its credentials is looked at.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from core.adapter import Check, InboundRequest, Secrets
from core.errors import NotJsonObject
from integrations.pylon.normalise import notice_of
from integrations.pylon.shapes import has_placeholders
from integrations.pylon.verification import signature_problem, token_problem

CHECKS: Mapping[str, Check] = MappingProxyType(
    {
        "header_ok": Check("Header", True, "The secret header came with the right value."),
        "header_missing": Check("Header", False, "Add the custom header to Pylon's webhook, exactly as shown here."),
        "header_wrong": Check("Header", False, "The header holds another value: copy ours into Pylon again."),
        "signature_ok": Check("Signature", True, "Pylon signed the body with the secret that you pasted."),
        "signature_missing": Check("Signature", False, "No X-Pylon-Signature came: is this request from Pylon at all?"),
        "signature_wrong": Check("Signature", False, "Paste the webhook's signing secret again, as Pylon shows it."),
        "signature_unused": Check("Signature", None, "Pylon signs its requests: paste its secret to check them."),
        "body_not_json": Check("Body", False, "The trigger's body is not one JSON object: copy a template from here."),
        "unresolved_variable": Check("Body", False, "A {{variable}} was left unresolved: take it from Pylon's picker."),
        "keys_repeated": Check("Body", False, "A key occurs twice: words broke out. Use a template of ids only."),
        "issue_id_missing": Check("Issue", False, 'The body names no issue: add "issue_id": "{{ issue.id }}" to it.'),
        "issue_id_ok": Check("Issue", True, "The body names the issue."),
    }
)


class PylonInspector:
    """Implements `core.adapter.Inspector`."""

    checks = CHECKS

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
        problem = token_problem(request, secrets.header_name, tokens)
        yield {None: "header_ok", "token_missing": "header_missing"}.get(problem, "header_wrong")


def _signature(request: InboundRequest, secrets: Secrets) -> Iterator[str]:
    signing = tuple(filter(None, secrets.signing))
    if signing:
        problem = signature_problem(request, signing)
        yield {None: "signature_ok", "signature_missing": "signature_missing"}.get(problem, "signature_wrong")
    else:
        yield "signature_unused"


def _body(request: InboundRequest) -> Iterator[str]:
    try:
        notice = notice_of(request.body)
    except NotJsonObject:
        yield "body_not_json"
        return
    if has_placeholders(request.body):
        yield "unresolved_variable"
    if notice.ambiguous:
        yield "keys_repeated"
    yield "issue_id_ok" if notice.issue_id else "issue_id_missing"
