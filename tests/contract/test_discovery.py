"""A folder is a platform, and a platform is a whole folder."""

from pathlib import Path

import pytest

import integrations
from tests.contract.cases import FOLDER, all_cases, case_files, load

PLATFORMS = sorted(integrations.discover())


def test_every_folder_is_discovered() -> None:
    folders = sorted(path.parent.name for path in FOLDER.glob("*/__init__.py"))

    assert folders == PLATFORMS


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_folder_is_whole(platform: str) -> None:
    folder = FOLDER / platform

    assert (folder / "adapter.py").is_file()
    assert (folder / "README.md").read_text(encoding="utf-8").startswith("# ")
    assert case_files(platform), "a platform shows by cases what it does"
    assert integrations.discover()[platform].adapter.platform == platform


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_case_can_be_read(platform: str) -> None:
    for path in case_files(platform):
        case = load(platform, path)

        assert set(case.raw) <= {"about", "request", "received_at", "recipient", "findings", "envelope", "decision"}
        assert case.raw["about"].endswith("."), f"{path.name}: about is one sentence"
        assert case.refused is not None or case.envelope


def test_nothing_else_lies_among_the_cases() -> None:
    strays = [path for path in FOLDER.glob("*/cases/*") if path.suffix != ".json"]

    assert strays == []


def test_case_names_are_stable_ids() -> None:
    names = [Path(case.name).name for case in all_cases()]

    assert all(name.replace("_", "").isalnum() and name.islower() for name in names)
