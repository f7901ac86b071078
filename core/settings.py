"""Settings: the environment read once into one value; every problem is reported together.

Each setting is ``SIGNALBOX_<NAME>``; for secrets ``SIGNALBOX_<NAME>_FILE`` names a file that holds the value.
"""

import os
import re
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from dotenv import dotenv_values

from core.errors import SettingsError
from core.sealing import decode_key, generate_key

PREFIX = "SIGNALBOX_"
SECRETS = frozenset({
    "SECRET_KEY", "ENCRYPTION_KEYS", "DATABASE_URL", "SLACK_CLIENT_SECRET", "SLACK_SIGNING_SECRET", "SLACK_APP_TOKEN",
    "OIDC_CLIENT_SECRET", "METRICS_TOKEN",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the operator decided. Secrets stay out of its repr."""

    database_url: str = field(default="sqlite:///instance/signalbox.db", repr=False)
    public_url: str = "http://127.0.0.1:3000"
    bind: str = "127.0.0.1:3000"
    secret_key: str = field(default="", repr=False)
    encryption_keys: tuple[bytes, ...] = field(default=(), repr=False)
    env: Literal["development", "production"] = "development"
    slack_client_id: str = ""
    slack_client_secret: str = field(default="", repr=False)
    slack_signing_secret: tuple[str, ...] = field(default=(), repr=False)
    slack_app_token: str = field(default="", repr=False)
    slack_app_id: str = ""
    slack_api_url: str = "https://slack.com/api/"
    slack_authorize_url: str = "https://slack.com/oauth/v2/authorize"
    slack_openid_url: str = "https://slack.com"
    pylon_api_url: str = ""
    oidc_discovery_url: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = field(default="", repr=False)
    allow_private_endpoints: bool = False
    log_level: str = "INFO"
    log_format: Literal["console", "json"] = "console"
    metrics_token: str = field(default="", repr=False)

    @property
    def is_production(self) -> bool:
        """Whether secure defaults are demanded instead of generated."""
        return self.env == "production"

    @property
    def has_https(self) -> bool:
        """Whether cookies can be Secure."""
        return self.public_url.startswith("https://")

    @property
    def is_postgresql(self) -> bool:
        """Whether the distributed engine runs (PostgreSQL) or the embedded one (SQLite)."""
        return self.database_url.startswith("postgresql")


def load_settings(environ: Mapping[str, str] | None = None, *, root: Path | None = None) -> Settings:
    """The settings from ``environ`` (default: ``.env`` below ``root``, then the process environment).

    Raises `SettingsError` naming every problem. In development, missing keys are generated once into ``instance/``.
    """
    root = root or Path.cwd()
    if environ is None:
        environ = {**{k: v for k, v in dotenv_values(root / ".env").items() if v is not None}, **os.environ}
    reader = _Reader(environ)
    values = {name: parse(reader, name.upper()) for name, parse in _PARSERS.items() if reader.has(name.upper())}
    production = values.get("env") == "production"
    if not production and not reader.problems:
        values = _with_development_keys(values, root / "instance")
    settings = Settings(**values)  # type: ignore[arg-type]  # each parser returns its own field's type
    reader.problems += _production_problems(settings, reader) if production else []
    if reader.problems:
        raise SettingsError(reader.problems)
    return settings


class _Reader:
    """Reads values and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def has(self, name: str) -> bool:
        return bool(self.text(name))

    def text(self, name: str) -> str:
        path = self.environ.get(f"{PREFIX}{name}_FILE", "") if name in SECRETS else ""
        if not path:
            return self.environ.get(PREFIX + name, "").strip()
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            problem = f"{PREFIX}{name}_FILE: {path} cannot be read ({type(error).__name__})"
            if problem not in self.problems:
                self.problems.append(problem)
            return ""

    def complain(self, name: str, problem: str) -> None:
        self.problems.append(f"{PREFIX}{name} {problem}")


def _text(reader: _Reader, name: str) -> str:
    return reader.text(name)


def _list(reader: _Reader, name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in reader.text(name).split(",") if part.strip())


def _flag(reader: _Reader, name: str) -> bool:
    value = reader.text(name).lower()
    if value not in ("true", "false", "1", "0"):
        reader.complain(name, "must be true or false")
    return value in ("true", "1")


def _url(reader: _Reader, name: str) -> str:
    value = reader.text(name)
    try:
        parts = urlsplit(value)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_url = False
    if not is_url:
        reader.complain(name, "must be an http(s) URL, such as https://signalbox.example.com")
    return value if name == "SLACK_API_URL" else value.rstrip("/")


def _database_url(reader: _Reader, name: str) -> str:
    value = reader.text(name)
    if value.startswith(("postgresql://", "postgres://")):
        value = "postgresql+psycopg://" + value.split("://", 1)[1]
    if not value.startswith(("sqlite:///", "postgresql+psycopg://")):
        reader.complain(name, "must start with sqlite:/// or postgresql://")
    port = re.search(r"@[^/?]*:([^/?]*)", value.split("://", 1)[-1])
    if port and not (port[1].isascii() and port[1].isdigit()):
        reader.complain(name, "has a port that is not a number")
    return value


def _bind(reader: _Reader, name: str) -> str:
    value = reader.text(name)
    host, _, port = value.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        reader.complain(name, "must be host:port, such as 127.0.0.1:3000")
    return value


def _keys(reader: _Reader, name: str) -> tuple[bytes, ...]:
    keys = []
    for position, text in enumerate(_list(reader, name), start=1):
        try:
            keys.append(decode_key(text))
        except ValueError as error:
            reader.complain(name, f"key {position} {error}")
    return tuple(keys)


def _choice(*choices: str) -> Callable[[_Reader, str], str]:
    def parse(reader: _Reader, name: str) -> str:
        value = reader.text(name)
        if value not in choices:
            reader.complain(name, f"must be one of {', '.join(choices)}")
        return value

    return parse


_PARSERS: dict[str, Callable[[_Reader, str], object]] = {
    "database_url": _database_url,
    "public_url": _url,
    "bind": _bind,
    "secret_key": _text,
    "encryption_keys": _keys,
    "env": _choice("development", "production"),
    "slack_client_id": _text,
    "slack_client_secret": _text,
    "slack_signing_secret": _list,
    "slack_app_token": _text,
    "slack_app_id": _text,
    "slack_api_url": _url,
    "slack_authorize_url": _url,
    "slack_openid_url": _url,
    "pylon_api_url": _url,
    "oidc_discovery_url": _url,
    "oidc_client_id": _text,
    "oidc_client_secret": _text,
    "allow_private_endpoints": _flag,
    "log_level": _choice("DEBUG", "INFO", "WARNING", "ERROR"),
    "log_format": _choice("console", "json"),
    "metrics_token": _text,
}


def _production_problems(settings: Settings, reader: _Reader) -> list[str]:
    problems = []
    if not settings.secret_key:
        problems.append(f"{PREFIX}SECRET_KEY is missing: set it to a long random text")
    if not settings.encryption_keys and not reader.has("ENCRYPTION_KEYS"):
        problems.append(f"{PREFIX}ENCRYPTION_KEYS is missing: set it to url-safe base64 of 32 random bytes")
    if not settings.has_https:
        problems.append(f"{PREFIX}PUBLIC_URL must be the https:// address where people and Slack reach this server")
    return problems


def _with_development_keys(values: dict[str, object], folder: Path) -> dict[str, object]:
    """The values, with keys from ``instance/`` where the environment names none; made on first use, mode 0600."""
    if not values.get("secret_key"):
        values["secret_key"] = _kept(folder / "secret_key", lambda: secrets.token_urlsafe(32))
    if not values.get("encryption_keys"):
        values["encryption_keys"] = (decode_key(_kept(folder / "encryption_keys", generate_key)),)
    return values


def _kept(path: Path, make: Callable[[], str]) -> str:
    """The value in the file; the first of several processes to come makes it, whole, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(make())
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text(encoding="utf-8").strip()
