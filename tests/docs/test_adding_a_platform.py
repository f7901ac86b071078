"""The example platform of the documents works: in a copy of the tree, by adding its folder and nothing else."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.sealing import generate_key

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/adding-a-platform.md").read_text(encoding="utf-8")
FILE = re.compile(r"^\*\*`(integrations/[^`]+)`\*\*\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COPIED = ("core", "db", "integrations", "migrations", "oauth", "pipeline", "web")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the product and of the contract tests, with the guide's files in it."""
    without_bytecode = shutil.ignore_patterns("__pycache__")
    for package in COPIED:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=without_bytecode)
    shutil.copytree(ROOT / "tests/contract", tmp_path / "tests/contract", ignore=without_bytecode)
    for name in ("app.py", "pyproject.toml", "tests/__init__.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name, content in FILE.findall(GUIDE):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


def test_it_passes_the_contract(tree: Path) -> None:
    chosen = ["tests/contract", "-k", "parrot or folder or strays or stable"]
    done = run(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", *chosen)
    assert done.returncode == 0, done.stdout
    assert re.search(r"^(\d{2,}) passed", done.stdout, re.MULTILINE), "the contract asks a platform more than that"


def test_it_turns_a_signed_answer_into_a_signal(tree: Path) -> None:
    shutil.copy(ROOT / "tests/docs/first_answer.py", tree / "first_answer.py")
    done = run(tree, "first_answer.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["401", "200", "parrot: We would pay for SSO. (Ada, Globex)"]


def test_it_is_written_as_the_rest_is(tree: Path) -> None:
    checks = (["ruff", "check"], ["ruff", "format", "--check"])
    for check in checks:
        done = run(tree, "-m", *check, "--no-cache", "integrations/parrot")
        assert done.returncode == 0, done.stdout


def run(tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Python in the copy, which comes first on the path; nothing of this checkout's settings is left."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SIGNALBOX_", "PYTEST_"))}
    environ = inherited | {"SIGNALBOX_SECRET_KEY": "a key", "SIGNALBOX_ENCRYPTION_KEYS": generate_key()}
    environ["PYTHONPATH"] = str(tree)
    return subprocess.run(
        [sys.executable, *arguments], cwd=tree, env=environ, capture_output=True, text=True, check=False
    )
