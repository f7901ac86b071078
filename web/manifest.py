"""The Slack app manifest with a server's own addresses."""

from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from core.errors import SignalboxError

PLACEHOLDER = "https://signalbox.example.com"


def render_manifest(public_url: str) -> str:
    """``manifest.yml`` as text, its placeholder host replaced. Raises `SignalboxError` for an unusable address."""
    parts = urlsplit(public_url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise SignalboxError("invalid_public_url", "--public-url must be like https://signalbox.example.com")
    return manifest_path().read_text(encoding="utf-8").replace(PLACEHOLDER, public_url.rstrip("/"))


def manifest_path() -> Path:
    """Where the manifest lies: beside the composition root."""
    spec = find_spec("app")
    if spec is None or spec.origin is None:
        raise SignalboxError("manifest_missing", "manifest.yml was not installed with Signalbox.")
    return Path(spec.origin).parent / "manifest.yml"
