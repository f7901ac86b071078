"""Every reason that a user can meet is explained, and every one that is explained can be met."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from integrations.slack.selection import NOISE_SUBTYPES
from oauth.pages import ENDINGS
from web.actions.connecting import OTHER_WAYS
from web.errors import STATUS_OF_REASON

ROOT = Path(__file__).parents[2]
REASONS = (ROOT / "docs/reasons.md").read_text(encoding="utf-8")
PACKAGES = ("core", "integrations", "pipeline", "oauth", "web")
OPERATORS_ONLY = {"web/care.py", "web/cli.py", "web/demo.py", "web/manifest.py", "core/settings.py"}
"""Their errors are sentences on a terminal."""
SLUG = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
DECISIONS = {
    "Refusal", "Ignored", "Failed", "Handled", "Malformed", "NotSelected", "NotConnected", "Written", "partial",
    "_fail", "Conflict", "Forbidden", "Unauthenticated", "SignalboxError", "StepFailed", "SealBroken", "__init__",
}  # fmt: skip
"""Calls whose arguments are reasons."""


def test_every_reason_is_explained() -> None:
    """In the common table, or in the README of the platform that it belongs to."""
    unexplained = {
        (slug, place)
        for slug, place in {*found(), *listed()} - {("invalid_settings", "core/errors.py")}
        if f"`{slug}`" not in REASONS + own_readme(place)
    }
    assert sorted(unexplained) == []


def test_every_explained_reason_exists() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in python_files())
    rows = re.findall(r"^\| (`.*?) \|", REASONS, re.MULTILINE)
    explained = [slug for row in rows for slug in re.findall(r"`([a-z_0-9]+)`", row)]
    assert [slug for slug in explained if not stands_in(sources, slug)] == []
    assert len(explained) == len(set(explained))


def stands_in(sources: str, slug: str) -> bool:
    """As a literal, or with a platform's name put in front: ``f"{platform}_organisation_connected"``."""
    rest = slug.partition("_")[2]
    return f'"{slug}"' in sources or f'}}_{rest}"' in sources


def found() -> Iterator[tuple[str, str]]:
    """Every reason that stands in the code as a literal, with the file that it stands in."""
    for path in python_files():
        place = str(path.relative_to(ROOT))
        if place not in OPERATORS_ONLY:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                yield from ((slug, place) for value in reasons_at(node) for slug in literals(value))


def listed() -> Iterator[tuple[str, str]]:
    """Reasons that stand in tables."""
    codes = [code for code, _ in OTHER_WAYS.values()]
    yield from ((slug, "") for slug in (*ENDINGS, *STATUS_OF_REASON, *NOISE_SUBTYPES, *codes))


def reasons_at(node: ast.AST) -> list[ast.expr]:
    """The expressions of this node that are reasons, if it is a decision, a ``reason=`` or a ``-> str | None``."""
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        named = [keyword.value for keyword in node.keywords if keyword.arg in ("reason", "malformed")]
        return [*(node.args if name in DECISIONS else []), *named]
    if isinstance(node, ast.FunctionDef) and node.returns and ast.unparse(node.returns) == "str | None":
        returned = (inner.value for inner in ast.walk(node) if isinstance(inner, ast.Return))
        return [value for value in returned if value is not None]
    return []


def literals(value: ast.expr) -> Iterator[str]:
    """The slugs among the values that an expression may take."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and SLUG.fullmatch(value.value):
        yield value.value
    elif isinstance(value, ast.IfExp):
        yield from (*literals(value.body), *literals(value.orelse))
    elif isinstance(value, ast.BoolOp):
        yield from (slug for part in value.values for slug in literals(part))


def own_readme(place: str) -> str:
    readme = ROOT / Path(*Path(place).parts[:2]) / "README.md"
    return readme.read_text(encoding="utf-8") if place.startswith("integrations/") and readme.exists() else ""


def python_files() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))
