"""Pylon's Custom Apps: is a request authentic? The signature is over the query, as Go would write it as JSON.

Hex HMAC-SHA256 over ``json.Marshal(request.URL.Query())``, in the header that webhooks are signed in too:
https://support.usepylon.com/articles/9112357769-how-do-i-verify-an-embedded-app-request-came-from-pylon
"""

from collections.abc import Iterable
from urllib.parse import unquote_to_bytes

from core.adapter import Refusal, Secrets
from core.panel import PanelRequest
from core.signatures import equals_any, hmac_sha256_hex
from integrations.pylon.verification import SIGNATURE_HEADER, token_problem

_HEX = frozenset(b"0123456789abcdefABCDEF")
_SHORT = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ESCAPED = frozenset("<>&\u2028\u2029")


def refusal(request: PanelRequest, secrets: Secrets) -> Refusal | None:
    """None when everything that is configured passes, by the same rules as a webhook's delivery."""
    signing = tuple(filter(None, secrets.signing))
    tokens = tuple(filter(None, secrets.header))
    if not (signing or tokens):
        return Refusal("not_configured")
    problem = _signature_problem(request, signing) if signing else None
    if problem is None and tokens:
        problem = token_problem(request.headers, secrets.header_name, tokens)
    return Refusal(problem) if problem else None


def parameters(query: bytes) -> dict[bytes, list[bytes]]:
    """The query as Go's ``url.ParseQuery`` reads it: what cannot be unescaped is passed over."""
    values: dict[bytes, list[bytes]] = {}
    for pair in query.split(b"&"):
        if not pair or b";" in pair:
            continue
        name, _, value = pair.partition(b"=")
        if _can_be_unescaped(name) and _can_be_unescaped(value):
            values.setdefault(_unescaped(name), []).append(_unescaped(value))
    return values


def marshalled(values: dict[bytes, list[bytes]]) -> bytes:
    """The parameters as Go's ``json.Marshal`` writes them: names sorted, values as lists, HTML's characters escaped."""
    fields = (f"{_quoted(name)}:[{_joined(values[name])}]" for name in sorted(values))
    return ("{" + ",".join(fields) + "}").encode()


def _signature_problem(request: PanelRequest, secrets: tuple[str, ...]) -> str | None:
    presented = request.headers.get(SIGNATURE_HEADER, "").strip().lower()
    if not presented:
        return "signature_missing"
    signed = marshalled(parameters(request.query))
    expected = [hmac_sha256_hex(secret, signed) for secret in secrets]
    return None if equals_any(expected, presented) else "signature_mismatch"


def _can_be_unescaped(text: bytes) -> bool:
    return all(len(rest) >= 2 and _HEX.issuperset(rest[:2]) for rest in text.split(b"%")[1:])


def _unescaped(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))


def _joined(values: Iterable[bytes]) -> str:
    return ",".join(map(_quoted, values))


def _quoted(text: bytes) -> str:
    """A JSON string as Go writes it since 1.22. A byte that is no UTF-8 becomes the replacement character, escaped;
    Go 1.27 does not escape it any more, but Pylon's ids and addresses hold no such bytes.
    """
    return '"' + "".join(map(_written, text.decode("utf-8", "surrogateescape"))) + '"'


def _written(character: str) -> str:
    if character in _SHORT:
        return _SHORT[character]
    if character < " " or character in _ESCAPED:
        return f"\\u{ord(character):04x}"
    return "\\ufffd" if "\ud800" <= character <= "\udfff" else character
