"""The documents tell the truth: settings, commands, links, layout and dependencies are as the code has them."""

import ast
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import click
import pytest

from app import Parts
from core.settings import PREFIX, SECRETS, Settings
from web.cli import Root, make_cli

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("integrations/*/*.md")])
CONFIGURATION = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def test_every_setting_is_documented_with_its_default() -> None:
    rows = re.findall(rf"^\| `{PREFIX}(\w+)` \| (.*?) \|", CONFIGURATION, re.MULTILINE)
    assert {name: shown.strip("`") for name, shown in rows} == {
        field.name.upper(): default_of(getattr(Settings(), field.name)) for field in fields(Settings)
    }
    assert Counter(name for name, _ in rows).most_common(1)[0][1] == 1


def test_every_secret_is_marked() -> None:
    rows = re.findall(rf"^\| `{PREFIX}(\w+)` \|.*?\| (\*secret\*)?", CONFIGURATION, re.MULTILINE)
    assert {name for name, mark in rows if mark} == SECRETS


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_setting_that_is_named_exists(document: Path) -> None:
    known = {field.name.upper() for field in fields(Settings)}
    known |= {f"{name}_FILE" for name in SECRETS}
    assert set(re.findall(rf"{PREFIX}([A-Z][A-Z_]*)", document.read_text(encoding="utf-8"))) <= known


def test_every_command_and_option_is_documented() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
    cli = make_cli(Root(Parts, served_app="", embedded_app="", listening_app=""))
    missing = [
        wanted for wanted in [*commands(cli, "signalbox")] if not re.search(rf"{re.escape(wanted)}(?![\w-])", text)
    ]
    assert missing == []


def test_every_command_that_is_shown_exists() -> None:
    known = set(make_cli(Root(Parts, served_app="", embedded_app="", listening_app="")).commands)
    for document in DOCUMENTS:
        shown = re.findall(
            r"(?:`|^\.venv/bin/|^)signalbox ([a-z][a-z-]*)", document.read_text(encoding="utf-8"), re.MULTILINE
        )
        assert set(shown) <= known, document.name


def test_every_make_target_that_is_shown_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for document in DOCUMENTS:
        assert set(re.findall(r"(?:`|^)make ([a-z]+)", document.read_text(encoding="utf-8"), re.MULTILINE)) <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    prose = FENCE.sub("", document.read_text(encoding="utf-8"))
    targets = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", prose)]
    broken = [link for link in targets if link and "://" not in link and not (document.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_path_of_anybodys_machine(document: Path) -> None:
    assert re.findall(r"/(?:work|root|home|Users)/", document.read_text(encoding="utf-8")) == []


def test_the_layout_names_every_package() -> None:
    layout = FENCE.findall((ROOT / "docs/architecture.md").read_text(encoding="utf-8"))[0]
    named = set(re.findall(r"^(\w+)[/.]", layout, re.MULTILINE))
    packages = {name.rstrip("*") for name in PYPROJECT["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert packages | set(PYPROJECT["tool"]["setuptools"]["py-modules"]) <= named


def test_every_dependency_is_justified_in_exactly_one_decision() -> None:
    justified = Counter(
        name
        for record in (ROOT / "docs/decisions").glob("[0-9]*.md")
        for line in re.findall(r"^\*\*Packages:\*\*(.*)$", record.read_text(encoding="utf-8"), re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", line)
    )
    declared = [*PYPROJECT["project"]["dependencies"], *PYPROJECT["dependency-groups"]["dev"]]
    assert justified == Counter({re.split(r"[\[<>=~ ]", requirement)[0] for requirement in declared})


def test_every_decision_is_listed_and_short() -> None:
    folder = ROOT / "docs/decisions"
    records = sorted(path.name for path in folder.glob("[0-9]*.md"))
    assert re.findall(r"\]\((\d{4}-[^)]+)\)", (folder / "README.md").read_text(encoding="utf-8")) == records
    assert [int(name[:4]) for name in records] == list(range(1, len(records) + 1))
    for name in records:
        text = (folder / name).read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 40, name
        assert re.findall(r"^## (.*)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], name


def test_every_log_event_to_watch_is_written() -> None:
    operations = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    table = operations.partition("| Event | Means |")[2].partition("\n## ")[0]
    watched = {
        name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)
    }
    assert watched
    assert watched <= set(log_events())


def default_of(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if value else "(none)"


def commands(command: click.Command, path: str) -> Iterator[str]:
    """Every command with its path, and every option of it."""
    for parameter in command.params:
        yield from (name for name in parameter.opts if name.startswith("--"))
    if not isinstance(command, click.Group):
        yield path
        return
    for name, inner in command.commands.items():
        yield from commands(inner, f"{path} {name}")


def log_events() -> Iterator[str]:
    for package in ("core", "integrations", "db", "pipeline", "oauth", "web"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                    first = node.args[0]
                    if isinstance(first, ast.Constant) and isinstance(first.value, str):
                        yield first.value
