"""Sealing: AES-256-GCM with the key's id in the ciphertext, bound to the place where the value lives.

Layout: one version byte, four bytes of key id, twelve of nonce, then ciphertext and tag.
"""

import base64
import binascii
import hashlib
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import SealBroken

_VERSION = b"\x01"
KEY_ID_OFFSET, KEY_ID_BYTES = len(_VERSION), 4
"""Where a sealed value says which key opens it."""

_NONCE_BYTES = 12
_HEADER_BYTES = len(_VERSION) + KEY_ID_BYTES + _NONCE_BYTES


class Keyring:
    """Several keys live at once: the newest seals, any of them opens."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("a keyring needs at least one key")
        self.newest = _key_id(keys[0])
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}

    def seal(self, text: str, place: str) -> bytes:
        """The text, readable again only with one of these keys and at the same ``place``."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._ciphers[self.newest].encrypt(nonce, text.encode(), place.encode())
        return _VERSION + self.newest + nonce + sealed

    def open(self, sealed: bytes, place: str) -> str:
        """The sealed text. Raises `SealBroken` for an unknown key, an altered value or another place."""
        if len(sealed) <= _HEADER_BYTES or sealed[:1] != _VERSION:
            raise SealBroken("seal_unreadable", f"The value at {place} is not a sealed value.")
        key_id, nonce = key_id_of(sealed), sealed[KEY_ID_OFFSET + KEY_ID_BYTES : _HEADER_BYTES]
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SealBroken(
                "seal_key_unknown",
                f"The value at {place} was sealed with key {key_id.hex()}, which SIGNALBOX_ENCRYPTION_KEYS lacks.",
            )
        try:
            return cipher.decrypt(nonce, sealed[_HEADER_BYTES:], place.encode()).decode()
        except InvalidTag as error:
            raise SealBroken("seal_broken", f"The value at {place} was altered or belongs to another row.") from error

    def is_newest(self, sealed: bytes) -> bool:
        """Whether the value is sealed with the key that seals now."""
        return key_id_of(sealed) == self.newest


def key_id_of(sealed: bytes) -> bytes:
    """The id of the key that a value is sealed with."""
    return sealed[KEY_ID_OFFSET : KEY_ID_OFFSET + KEY_ID_BYTES]


def decode_key(text: str) -> bytes:
    """A key as the settings hold it: url-safe base64 of 32 bytes. Raises ValueError with the fix."""
    try:
        key = base64.urlsafe_b64decode(text.strip() + "=" * (-len(text.strip()) % 4))
    except (binascii.Error, ValueError) as error:
        raise ValueError("is not url-safe base64") from error
    if len(key) != 32:
        raise ValueError(f"decodes to {len(key)} bytes instead of 32")
    return key


def generate_key() -> str:
    """A new key in the form of the settings."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"signalbox key id" + key).digest()[:KEY_ID_BYTES]
