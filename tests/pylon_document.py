"""Pylon's own OpenAPI document, where it lies beside this checkout: what is asked and answered must be as it says."""

from functools import cache
from pathlib import Path

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator

from core.taming import JsonObject, Tame, parse_object
from sandbox.pylon import Exchange

OPENAPI = Path(__file__).parents[2] / "shared" / "data" / "pylon-openapi.json"
UNDOCUMENTED = frozenset({"cursor", "limit"})
"""Parameters of every list, though the document names them for some only."""


class Judge:
    """Compares exchanges with the document, and keeps what is not as it says."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def __call__(self, exchange: Exchange) -> None:
        """Takes note of an exchange."""
        where = f"{exchange.method} {exchange.path}"
        operation = operation_of(exchange.path, exchange.method)
        if operation is None:
            self.faults.append(f"{where} is not documented")
            return
        named = {each.text("name") for each in operation.objects("parameters")}
        self.faults += [f"{where}?{name} is not documented" for name in exchange.query - named - UNDOCUMENTED]
        if exchange.status >= 400:  # what was refused need not be well formed, and errors have a shape of their own
            return
        for part, value in (("request", exchange.sent), (str(exchange.status), exchange.answer)):
            validator = validator_of(exchange.path, exchange.method, part)
            if validator is not None:
                faults = [error.message[:300] for error in validator.iter_errors(value)]
                self.faults += [f"{where} {part}: {fault}" for fault in faults]


def operation_of(path: str, method: str) -> Tame | None:
    """What the document says of a path and method."""
    found = Tame(_document()).object("paths").object(path).object(method.lower())
    return found if found.raw else None


@cache
def validator_of(path: str, method: str, part: str) -> Validator | None:
    """For the ``request``'s body or the answer with a status: strict, no field that Pylon does not have."""
    operation = operation_of(path, method)
    if operation is None:
        return None
    of = operation.object("requestBody") if part == "request" else operation.object("responses").object(part)
    schema = of.object("content").object("application/json").object("schema").raw
    return Draft202012Validator({**schema, "components": _document()["components"]}) if schema else None


@cache
def _document() -> JsonObject:
    document = parse_object(OPENAPI.read_bytes())
    for schema in Tame(document).object("components").object("schemas").raw.values():
        if isinstance(schema, dict) and "properties" in schema:
            schema["additionalProperties"] = False
    return document
