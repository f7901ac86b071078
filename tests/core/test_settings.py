"""The environment as one value: every problem at once, no insecure default in production."""

import stat
from pathlib import Path
from typing import Any

import pytest

from core.errors import SettingsError
from core.sealing import generate_key
from core.settings import SECRETS, Settings, load_settings

PRODUCTION = {
    "SIGNALBOX_ENV": "production",
    "SIGNALBOX_SECRET_KEY": "long and random",
    "SIGNALBOX_ENCRYPTION_KEYS": generate_key(),
    "SIGNALBOX_PUBLIC_URL": "https://signalbox.example.com/",
}


def problems(environ: dict[str, str], root: Path) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        load_settings(environ, root=root)
    assert all(problem in str(refused.value) for problem in refused.value.problems)
    return refused.value.problems


def test_development_needs_nothing_and_keeps_its_keys(tmp_path: Path) -> None:
    settings = load_settings({}, root=tmp_path)

    assert settings.database_url == "sqlite:///instance/signalbox.db"
    assert settings.public_url == "http://127.0.0.1:3000"
    assert settings.bind == "127.0.0.1:3000"
    assert (settings.is_production, settings.is_postgresql, settings.has_https) == (False, False, False)
    assert load_settings({}, root=tmp_path) == settings
    for name in ("secret_key", "encryption_keys"):
        assert stat.S_IMODE((tmp_path / "instance" / name).stat().st_mode) == 0o600


def test_keys_of_the_environment_leave_no_files(tmp_path: Path) -> None:
    load_settings({"SIGNALBOX_SECRET_KEY": "x", "SIGNALBOX_ENCRYPTION_KEYS": generate_key()}, root=tmp_path)

    assert not (tmp_path / "instance").exists()


def test_production_names_everything_that_is_missing(tmp_path: Path) -> None:
    named = problems({"SIGNALBOX_ENV": "production"}, tmp_path)

    assert [problem.split()[0] for problem in named] == [
        "SIGNALBOX_SECRET_KEY",
        "SIGNALBOX_ENCRYPTION_KEYS",
        "SIGNALBOX_PUBLIC_URL",
    ]
    assert not (tmp_path / "instance").exists()


def test_production_starts_when_it_has_all(tmp_path: Path) -> None:
    settings = load_settings(PRODUCTION, root=tmp_path)

    assert settings.is_production
    assert settings.has_https
    assert settings.public_url == "https://signalbox.example.com"


def test_every_problem_is_reported_together(tmp_path: Path) -> None:
    named = problems(
        {
            "SIGNALBOX_ENV": "staging",
            "SIGNALBOX_BIND": "3000",
            "SIGNALBOX_PUBLIC_URL": "signalbox.example.com",
            "SIGNALBOX_DATABASE_URL": "mysql://x",
            "SIGNALBOX_LOG_LEVEL": "chatty",
            "SIGNALBOX_ENCRYPTION_KEYS": f"{generate_key()},c2hvcnQ=",
            "SIGNALBOX_ALLOW_PRIVATE_ENDPOINTS": "maybe",
            "SIGNALBOX_SECRET_KEY_FILE": "/nowhere",
        },
        tmp_path,
    )

    told = "\n".join(named)
    for name in (
        "ENV",
        "BIND",
        "PUBLIC_URL",
        "DATABASE_URL",
        "LOG_LEVEL",
        "ALLOW_PRIVATE_ENDPOINTS",
        "SECRET_KEY_FILE",
    ):
        assert f"SIGNALBOX_{name}" in told
    assert "key 2 decodes to 5 bytes instead of 32" in told
    assert len(named) == 8


@pytest.mark.parametrize(
    ("name", "text", "field", "value"),
    [
        ("DATABASE_URL", "postgresql://u:p@db/sb", "database_url", "postgresql+psycopg://u:p@db/sb"),
        ("DATABASE_URL", "postgres://u:p@db/sb", "database_url", "postgresql+psycopg://u:p@db/sb"),
        ("DATABASE_URL", "postgresql+psycopg://db/sb", "database_url", "postgresql+psycopg://db/sb"),
        ("BIND", "[::]:8000", "bind", "[::]:8000"),
        ("SLACK_API_URL", "http://127.0.0.1:9/api/", "slack_api_url", "http://127.0.0.1:9/api/"),
        ("PYLON_API_URL", "http://127.0.0.1:9/", "pylon_api_url", "http://127.0.0.1:9"),
        ("SLACK_SIGNING_SECRET", "new, old,", "slack_signing_secret", ("new", "old")),
        ("ALLOW_PRIVATE_ENDPOINTS", "True", "allow_private_endpoints", True),
        ("ALLOW_PRIVATE_ENDPOINTS", "0", "allow_private_endpoints", False),
        ("LOG_FORMAT", "json", "log_format", "json"),
        ("SLACK_APP_ID", "  A0  ", "slack_app_id", "A0"),
        ("PUBLIC_URL", " ", "public_url", "http://127.0.0.1:3000"),
    ],
)
def test_values(name: str, text: str, field: str, value: Any, tmp_path: Path) -> None:
    settings = load_settings({f"SIGNALBOX_{name}": text}, root=tmp_path)

    assert getattr(settings, field) == value


@pytest.mark.parametrize("name", sorted(SECRETS - {"ENCRYPTION_KEYS", "DATABASE_URL", "SLACK_SIGNING_SECRET"}))
def test_secrets_come_from_files_too(name: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from a file\n", encoding="utf-8")
    settings = load_settings({f"SIGNALBOX_{name}_FILE": str(file), f"SIGNALBOX_{name}": "ignored"}, root=tmp_path)

    assert getattr(settings, name.lower()) == "from a file"


def test_a_file_only_stands_for_a_secret(tmp_path: Path) -> None:
    (tmp_path / "bind").write_text("0.0.0.0:1", encoding="utf-8")

    assert load_settings({"SIGNALBOX_BIND_FILE": str(tmp_path / "bind")}, root=tmp_path).bind == "127.0.0.1:3000"


def test_a_secret_file_that_is_not_text_is_a_problem_and_is_not_quoted(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe")
    (problem,) = problems({"SIGNALBOX_SECRET_KEY_FILE": str(tmp_path / "secret")}, tmp_path)

    assert "UnicodeDecodeError" in problem


def test_a_dotenv_file_is_read_below_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("SIGNALBOX_SLACK_CLIENT_ID=file\nSIGNALBOX_SLACK_APP_ID=file\n", encoding="utf-8")
    monkeypatch.setenv("SIGNALBOX_SLACK_APP_ID", "process")
    settings = load_settings(root=tmp_path)

    assert (settings.slack_client_id, settings.slack_app_id) == ("file", "process")


def test_no_secret_shows_in_the_repr() -> None:
    shown = {name.lower(): f"hidden {name}" for name in SECRETS}
    settings: Any = Settings(**shown)  # type: ignore[arg-type]  # texts stand in for keys

    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", "http://["),
        ("PUBLIC_URL", "https://box.example:port"),
        ("BIND", "127.0.0.1:²"),
        ("DATABASE_URL", "postgresql://u:p@h:notaport/db"),
    ],
)
def test_garbage_is_a_named_problem_not_a_traceback(name: str, value: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"SIGNALBOX_{name}"):
        load_settings({f"SIGNALBOX_{name}": value}, root=tmp_path)
